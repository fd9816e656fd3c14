"""A voice service that is told what to say, and a way to know when nothing happens any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from typing_extensions import override

from bot.domain.errors import VoiceRefused
from bot.domain.outcome import NotSent, Placed, PlaceOutcome, Rejected, Unknown
from bot.domain.voice_event import CallStatus
from bot.ports import MarkSending, PlaceCall
from bot.tasks import TaskSet

LOST = Unknown(reason="the answer was lost")
DOWN = NotSent(reason="connection refused")
BUSY_SERVICE = Rejected(reason="too many requests", status=429, pauses_all=True)


class Stillness:
    """Counts the work under way; what waits at a gate is at rest."""

    def __init__(self) -> None:
        self._under_way = 0
        self._is_still = asyncio.Event()
        self._is_still.set()

    def stir(self) -> None:
        """Something begins, or goes on."""
        self._under_way += 1
        self._is_still.clear()

    def rest(self) -> None:
        """Something is over, or waits for the test."""
        self._under_way -= 1
        if not self._under_way:
            self._is_still.set()

    async def wait(self) -> None:
        """Until nothing is under way; a test that never gets there fails."""
        async with asyncio.timeout(20):
            await self._is_still.wait()


class Gate:
    """Where work waits until the test lets it through."""

    def __init__(self, stillness: Stillness) -> None:
        self._stillness = stillness
        self._waiting: list[asyncio.Future[None]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self) -> None:
        """Stand here."""
        let_through = asyncio.get_running_loop().create_future()
        self._waiting.append(let_through)
        self._stillness.rest()
        try:
            await let_through
        except asyncio.CancelledError:
            self._waiting.remove(let_through)
            self._stillness.stir()
            raise

    def open(self) -> None:
        """Let all through that wait; the next ones wait again."""
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            self._stillness.stir()
            each.set_result(None)


class WatchedTasks(TaskSet):
    """The bot's tasks; the test can wait until they are still, and hold those of a name."""

    def __init__(self, stillness: Stillness) -> None:
        super().__init__()
        self.gates: dict[str, Gate] = {}
        self._stillness = stillness

    @override
    def start(self, work: Coroutine[Any, Any, object], *, name: str) -> None:
        self._stillness.stir()
        super().start(self._watched(work, self.gates.get(name)), name=name)

    async def _watched(self, work: Coroutine[Any, Any, object], gate: Gate | None) -> None:
        try:
            if gate is not None:
                await gate.wait()
            await work
        finally:
            self._stillness.rest()


class ToldVoice:
    """ports.VoiceService for single calls: says what the test decides, and counts.

    `answer(call, number)` is what becomes of request `number` (from 0); each is taken by default
    and named v0, v1, ... `status` and `stopping` answer a look-up and a cancel, or raise. A gate,
    where there is one, holds a request before its first byte (`connecting`), an answer that is on
    its way (`answering`), or a cancel (`cancelling`).
    """

    def __init__(self) -> None:
        self.placed: list[PlaceCall] = []
        self.looked_up: list[str] = []
        self.cancelled: list[str] = []
        self.answer: Callable[[PlaceCall, int], PlaceOutcome] = takes
        self.status: Callable[[str], CallStatus] = says("queued")
        self.stopping: Callable[[str], str] = lambda _: "Call cancelled"
        self.connecting: Gate | None = None
        self.answering: Gate | None = None
        self.cancelling: Gate | None = None

    async def place_call(self, call: PlaceCall, mark_sending: MarkSending) -> PlaceOutcome:
        """Take the request, or not."""
        await _through(self.connecting)
        try:
            await mark_sending()
        except Exception as error:  # noqa: BLE001 - as the port says: a mark that fails sends nothing
            return NotSent(reason=str(error))
        number = len(self.placed)
        self.placed.append(call)
        await _through(self.answering)
        return self.answer(call, number)

    async def look_up(self, voice_call_id: str) -> CallStatus:
        """How a call is."""
        self.looked_up.append(voice_call_id)
        return self.status(voice_call_id)

    async def cancel(self, voice_call_id: str) -> str:
        """Stop a call."""
        self.cancelled.append(voice_call_id)
        await _through(self.cancelling)
        return self.stopping(voice_call_id)


async def _through(gate: Gate | None) -> None:
    if gate is not None:
        await gate.wait()


def takes(call: PlaceCall, number: int) -> PlaceOutcome:
    """The service has the call, and rings when it is asked to."""
    return Placed(voice_call_id=f"v{number}", scheduled_at=call.schedule_at)


def always(outcome: PlaceOutcome) -> Callable[[PlaceCall, int], PlaceOutcome]:
    """The same outcome for every request."""
    return lambda call, number: outcome


def first(outcome: PlaceOutcome) -> Callable[[PlaceCall, int], PlaceOutcome]:
    """That outcome for the first request; the others are taken."""
    return lambda call, number: takes(call, number) if number else outcome


def says(status: str, *, result: str | None = None, **more: Any) -> Callable[[str], CallStatus]:
    """A look-up that tells of this status; with a result the call is over."""

    def status_of(voice_call_id: str) -> CallStatus:
        return CallStatus(
            voice_call_id=voice_call_id,
            status=status,
            raw="{}",
            is_over=result is not None,
            is_answered=result == "answered",
            result=result,
            **more,
        )

    return status_of


def refuses(code: int) -> Callable[[str], NoReturn]:
    """A look-up or a cancel that is turned down with this HTTP status."""

    def refuse(voice_call_id: str) -> NoReturn:
        raise VoiceRefused(code, "no")

    return refuse
