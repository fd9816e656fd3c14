"""The voice service of the model: it does with each POST what the test has decided, and it
alone knows what rang."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain.errors import VoiceRefused, VoiceUnavailable
from bot.domain.outcome import NotSent, Placed, PlaceOutcome, Rejected, Unknown
from bot.domain.voice_event import CallStatus, VoiceEvent
from bot.ports import MarkSending, PlaceBatch, PlaceCall
from bot.voice.wire import parse_status, parse_webhook
from tests.chaos.one_life import Died, Life, ModelClock

ANSWERED_AFTER = timedelta(seconds=5)
PRESSED_AFTER = timedelta(seconds=12)
OVER_AFTER = timedelta(seconds=30)

FATES = (
    "placed",
    "not_sent",  # refused connection: no mark
    *["held_before"] * 2,  # waits for the connection: no mark yet; somebody may press Cancel
    "rejected",
    "paused",  # 429
    "lost_before",  # read by nobody
    "lost_after",  # accepted, and the answer is lost
    "held_after",  # accepted, and the answer takes its time
    "dies_marked",  # the bot dies with the mark set
    "dies_accepted",  # ... when the service has accepted
)


@dataclass(kw_only=True)
class Rung:
    """One call the voice service accepted: the truth."""

    token: bytes
    number: str
    voice_call_id: str
    at: datetime
    result: str
    hooks: list[VoiceEvent] = field(default_factory=list)
    told: list[str] = field(default_factory=list)  # events the bot has answered 200 to
    is_cancelled: bool = False

    def status(self, now: datetime) -> dict[str, Any]:
        """The answer of GET /call/{id}."""
        is_over = now >= self.at + OVER_AFTER
        word = "cancelled" if self.is_cancelled else "completed" if is_over else "in-progress"
        knows = is_over and not self.is_cancelled
        return {
            "call_id": self.voice_call_id,
            "phone_number": self.number,
            "status": word,
            "call_result": self.result if knows else None,
            "dtmf_input": "1" if knows and self.result == "answered" else None,
            "duration": 25 if knows else None,
        }


@dataclass(frozen=True, kw_only=True)
class Posted:
    """One POST whose first byte left the bot."""

    token: bytes
    number: str
    at: datetime
    fate: str


class ModelVoice:
    """ports.VoiceService; `fates` decide the next POSTs, then they are placed."""

    def __init__(self, clock: ModelClock) -> None:
        self.clock = clock
        self.life: Life | None = None
        self.fates: deque[str] = deque()
        self.results: deque[str] = deque()
        self.posted: list[Posted] = []
        self.rung: list[Rung] = []
        self.is_down = False
        self._held: list[asyncio.Future[None]] = []

    def held(self) -> int:
        """How many POSTs are under way."""
        return len(self._held)

    def release(self) -> None:
        """Let everything that is held go on."""
        for each in self._held:
            each.set_result(None)

    async def place_call(self, call: PlaceCall, mark_sending: MarkSending) -> PlaceOutcome:
        """As the client does: the mark when the first byte is about to leave."""
        fate = self.fates.popleft() if self.fates else "placed"
        number = call.request.phone_number
        if fate == "not_sent":
            return NotSent(reason="the voice service cannot be reached")
        if fate == "held_before":
            await self._hold()
        try:
            await mark_sending()
        except Exception as error:  # noqa: BLE001 - as in the client: a failed mark, whatever failed
            return NotSent(reason=str(error))
        self._must_live()
        self.posted.append(Posted(token=call.token, number=number, at=self.clock.now(), fate=fate))
        return await self._answer(call.token, number, fate)

    async def _answer(self, token: bytes, number: str, fate: str) -> PlaceOutcome:
        if fate == "dies_marked":
            self._kill()
        if fate == "lost_before":
            return Unknown(reason="the line broke")
        if fate == "rejected":
            return Rejected(reason="a bad number", status=400)
        if fate == "paused":
            wait = timedelta(seconds=7)
            return Rejected(reason="too many", status=429, pauses_all=True, retry_after=wait)
        rung = self._accept(token, number)
        if fate == "held_after":
            await self._hold()
        if fate == "dies_accepted":
            self._kill()
        if fate == "lost_after":
            return Unknown(reason="the line broke")
        return Placed(voice_call_id=rung.voice_call_id)

    def _accept(self, token: bytes, number: str) -> Rung:
        rung = Rung(
            token=token,
            number=number,
            voice_call_id=f"robo_{len(self.rung) + 1}",
            at=self.clock.now(),
            result=self.results.popleft() if self.results else "answered",
        )
        rung.hooks = _hooks(rung)
        self.rung.append(rung)
        return rung

    async def _hold(self) -> None:
        released = asyncio.get_running_loop().create_future()
        self._held.append(released)
        try:
            await released
        finally:
            self._held.remove(released)
        self._must_live()

    def _kill(self) -> None:
        assert self.life is not None
        self.life.die()

    def _must_live(self) -> None:
        if self.life is None or self.life.is_over:
            raise Died

    async def place_batch(
        self, batch: PlaceBatch, mark_sending: MarkSending
    ) -> PlaceOutcome | Mapping[str, PlaceOutcome]:
        """Campaigns have a model of their own."""
        raise NotImplementedError

    async def look_up(self, voice_call_id: str) -> CallStatus:
        """The truth, in the words of the contract."""
        rung = self._find(voice_call_id)
        status = parse_status(json.dumps(rung.status(self.clock.now())).encode(), voice_call_id)
        assert status is not None
        return status

    async def cancel(self, voice_call_id: str) -> str:
        """Possible until somebody answers."""
        rung = self._find(voice_call_id)
        if rung.is_cancelled or rung.told or self.clock.now() >= rung.at + ANSWERED_AFTER:
            raise VoiceRefused(409, "the call can no longer be cancelled")
        rung.is_cancelled = True
        rung.hooks.clear()
        return "Call cancelled"

    def _find(self, voice_call_id: str) -> Rung:
        self._must_live()
        if self.is_down:
            raise VoiceUnavailable("the voice service cannot be reached")
        return next(rung for rung in self.rung if rung.voice_call_id == voice_call_id)


def _hooks(rung: Rung) -> list[VoiceEvent]:
    """The webhooks of the call, in the words of the contract."""
    told: list[dict[str, Any]] = []
    if rung.result == "answered":
        told += [
            {"event": "robo_call.answered", "at": ANSWERED_AFTER},
            {"event": "robo_call.dtmf", "at": PRESSED_AFTER, "digit": "1"},
        ]
    told += [
        {"event": "robo_call.completed", "at": OVER_AFTER, "result": rung.result, "duration": 25}
    ]
    return [_event(rung, **one) for one in told]


def _event(rung: Rung, *, at: timedelta, event: str, **more: Any) -> VoiceEvent:
    said = {"event": event, "call_id": rung.voice_call_id, **more}
    if event != "robo_call.dtmf":
        said["phone_number"] = rung.number
    said["timestamp"] = (rung.at + at).isoformat()
    parsed = parse_webhook(json.dumps(said).encode())
    assert parsed is not None
    return parsed
