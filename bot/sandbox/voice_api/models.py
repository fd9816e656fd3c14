"""The values of the voice service: what was asked, and how a call stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """Where a call is. The contract names queued and completed; the others are this service's."""

    SCHEDULED = "scheduled"  # waits for schedule_at
    QUEUED = "queued"  # waits for its turn, also between two tries
    RINGING = "ringing"  # the number is being dialled
    IN_PROGRESS = "in_progress"  # somebody, or a voicemail box, has picked up
    COMPLETED = "completed"  # over; the result says how it ended
    CANCELLED = "cancelled"  # stopped by DELETE before it rang


class Result(StrEnum):
    """How a completed call ended: the six words of the contract."""

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    REJECTED = "rejected"


CANCELLABLE = frozenset({Status.SCHEDULED, Status.QUEUED})
# What the service's own retry_count is for: nobody was reached, and nobody refused.
RETRIED = frozenset({Result.BUSY, Result.NO_ANSWER, Result.FAILED})


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyAction:
    """What happens on a key: a POST to `url`, and a reply that is spoken, if there is one."""

    url: str
    response_message: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Keypad:
    """`dtmf_config`: whether and how key presses are taken. `timeout` is in seconds."""

    enabled: bool
    timeout: int = 10
    max_digits: int = 1
    actions: Mapping[str, KeyAction] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRequest:
    """One accepted request, its texts already filled in. `retry_delay` is in minutes."""

    phone_number: str
    message: str | None = None
    audio_url: str | None = None
    voice: str = "en-female-1"
    caller_id: str | None = None
    language: str = "en"
    retry_count: int = 0
    retry_delay: int = 5
    callback_url: str | None = None
    schedule_at: datetime | None = None
    keypad: Keypad | None = None


@dataclass(kw_only=True, slots=True)
class Heard:
    """One thing that came out of a phone: `kind` is message, audio or reply."""

    call_id: str
    kind: str
    text: str
    at: datetime
    whole: bool = False  # True once it was spoken to its end


@dataclass(kw_only=True, slots=True)
class Call:
    """One call through all its tries; only the engine and the line change it."""

    call_id: str
    request: CallRequest
    created_at: datetime
    status: Status = Status.QUEUED
    tries: int = 0
    started_at: datetime | None = None  # when it was picked up
    ended_at: datetime | None = None
    dtmf_input: str | None = None
    result: Result | None = None
    heard: list[Heard] = field(default_factory=list)

    @property
    def duration(self) -> int | None:
        """Whole seconds on the line, 0 when nobody picked up, None while it is not over."""
        if self.ended_at is None:
            return None
        if self.started_at is None:
            return 0
        return int(self.ended_at.timestamp()) - int(self.started_at.timestamp())
