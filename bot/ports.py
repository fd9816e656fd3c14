"""What the bot needs from outside, in its own words; who provides it is decided in bot.app."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.domain.call import CallRequest
from bot.domain.outcome import PlaceOutcome
from bot.domain.voice_event import CallStatus
from bot.store_port import Event, OutboxItem, PendingCommand, Profile, Store, Transaction

__all__ = [
    "BatchItem",
    "Clock",
    "Directory",
    "Event",
    "MarkSending",
    "OutboxItem",
    "PendingCommand",
    "PlaceBatch",
    "PlaceCall",
    "Profile",
    "Store",
    "Tasks",
    "Timer",
    "Transaction",
    "VoiceService",
]


class Clock(Protocol):
    """The only place that knows what time it is."""

    def now(self) -> datetime:
        """The time now, aware, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait that long by this clock."""
        ...


class Tasks(Protocol):
    """Supervised background work: strong references, failures logged, drained at stop."""

    def start(self, work: Coroutine[Any, Any, object], *, name: str) -> None:
        """Run `work` in the background."""
        ...


class Timer(Protocol):
    """Wakes services up; what is due stands in the store, so a wake-up is never the only one."""

    def start(self) -> None:
        """Begin to tick."""
        ...

    def stop(self) -> None:
        """No more ticks."""
        ...

    def every(self, seconds: float, wake: Callable[[], None], *, name: str) -> None:
        """Call `wake` again and again."""
        ...

    def once_at(self, at: datetime | None, wake: Callable[[], None], *, name: str) -> None:
        """Call `wake` at `at`, instead of the time set before; None takes it back."""
        ...


# --- the voice service -----------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceCall:
    """One `POST /call`: the request, the attempt's token, and what is handed over.

    `retry_count`, `retry_delay` and `schedule_at` are set only where the deployment hands
    retries or the schedule to the voice service (fault-catalogue 3.9).
    """

    request: CallRequest
    token: bytes
    retry_count: int = 0
    retry_delay: timedelta | None = None
    schedule_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchItem:
    """One call of a batch; numbers are unique within a batch."""

    phone_number: str
    message: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceBatch:
    """One `POST /call/batch`: items, and the voice and the token they share."""

    items: Sequence[BatchItem]
    token: bytes
    voice: str = ""


MarkSending = Callable[[], Awaitable[None]]
"""Called when the first byte is about to leave. If it raises, none leaves."""


class VoiceService(Protocol):
    """The Robo Voice Call API (voice-api.txt)."""

    async def place_call(self, call: PlaceCall, mark_sending: MarkSending) -> PlaceOutcome:
        """Ask it to ring one phone, once. Never raises for what the network does."""
        ...

    async def place_batch(
        self, batch: PlaceBatch, mark_sending: MarkSending
    ) -> PlaceOutcome | Mapping[str, PlaceOutcome]:
        """Ask it to ring many, once: an outcome for all of them, or one per phone number."""
        ...

    async def look_up(self, voice_call_id: str) -> CallStatus:
        """How a call is. Raises VoiceError."""
        ...

    async def cancel(self, voice_call_id: str) -> str:
        """Cancel a call that has not started; its own words. Raises VoiceError."""
        ...


# --- Slack ---------------------------------------------------------------------------------


class Directory(Protocol):
    """Who people are: asks Slack."""

    async def profile(self, user_id: str) -> Profile:
        """Zone and role of a user. Raises LookupError if Slack cannot say."""
        ...
