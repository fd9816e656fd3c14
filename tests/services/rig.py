"""The services on a real database, tied as the bot ties them; time is pushed, the voice told."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from bot.domain.call import Attempt, Call
from bot.domain.deployment import Deployment
from bot.domain.dial_policy import PlanLimits
from bot.domain.voice_event import VoiceEvent, VoiceEventKind
from bot.ports import Event, Profile
from bot.sandbox.clock import PushedClock
from bot.services.cancel_calls import CancelAnswer
from bot.services.redial_calls import PressAnswer
from bot.services.request_calls import Requested
from bot.wiring import Adapters, Services, tie_services
from storage.database import Database
from tests.services.told_voice import Gate, Stillness, ToldVoice, WatchedTasks
from tests.support.made import NOW, request

BEN = Profile(user_id="U1", zone="Europe/London", is_admin=False, fetched_at=NOW)
ROOMY = PlanLimits(calls_per_minute=100, concurrent_calls=20)
ANSWERED, KEY_PRESSED = VoiceEventKind.ANSWERED, VoiceEventKind.KEY_PRESSED
COMPLETED, OTHER = VoiceEventKind.COMPLETED, VoiceEventKind.OTHER
MINUTE = timedelta(minutes=1)

_TOLD = """
select events.event from outbox join events on events.id = outbox.event_id
where outbox.kind = 'reply' and outbox.call_id = ? order by outbox.id
"""


class Rig:
    """What a test of the services needs at hand; nothing is dialled before `begin`."""

    services: Services
    tasks: WatchedTasks

    def __init__(self, store: Database, path: Path, deployment: Deployment) -> None:
        self.store = store
        self.clock = PushedClock(NOW)
        self.voice = ToldVoice()
        self._path = path
        self._deployment = deployment
        self._stillness = Stillness()
        self._keys = itertools.count()
        self._tie()

    def _tie(self) -> None:
        """A process of the bot: what it remembers begins here."""
        nothing = SimpleNamespace(wake=lambda: None, once_at=lambda *_, **__: None)
        self.tasks = WatchedTasks(self._stillness)
        adapters = SimpleNamespace(
            store=self.store,
            clock=self.clock,
            voice=self.voice,
            tasks=self.tasks,
            settings=SimpleNamespace(deployment=self._deployment),
            sender=nothing,
            timer=nothing,
            client=None,
        )
        self.services = tie_services(cast("Adapters", adapters))

    # --- life and time -------------------------------------------------------------------

    def gate(self) -> Gate:
        """A gate for the voice service or the tasks."""
        return Gate(self._stillness)

    async def quiet(self) -> None:
        """Wait until nothing is under way but what stands at a gate."""
        await self._stillness.wait()

    async def begin(self) -> None:
        """Dial from now on."""
        self.services.dispatch.begin()
        await self.quiet()

    async def is_killed(self) -> None:
        """What is under way is gone; the next process is not started yet."""
        await self.tasks.drain(0)
        self._tie()

    async def starts_again(self) -> None:
        """A process begins where the last one was killed."""
        await self.services.reconcile.recover()
        await self.begin()

    async def passes(self, span: timedelta, *, every: timedelta | None = None) -> None:
        """Let time pass, and wake everybody at its end, or also each time `every` has passed."""
        step = every or span
        for _ in range(max(1, round(span / step))):
            await self.clock.advance(step.total_seconds())
            await self.wakes()

    async def wakes(self) -> None:
        """The clock's beats, as bot.running has them."""
        services = self.services
        for wake in (
            services.dispatch.wake,
            services.reconcile.wake,
            services.cancels.ask_for_pending,
        ):
            wake()
            await self.quiet()

    # --- what people do ------------------------------------------------------------------

    async def ask(self, **changes: Any) -> int:
        """Ben asks for a call to a number of its own; its id."""
        number = next(self._keys)
        wanted = request(**{"phone_number": phone(number), **changes})
        answer = await self.services.requests.request(wanted, dedupe_key=f"k{number}")
        assert isinstance(answer, Requested)
        await self.quiet()
        return answer.call.id

    async def cancels(self, call_id: int) -> CancelAnswer:
        """Ben presses Cancel."""
        done = await self.services.cancels.cancel(call_id, by=BEN)
        await self.quiet()
        return done.answer

    async def calls_again(
        self, call_id: int, *, attempt_id: int | None = None, delivery: str = ""
    ) -> PressAnswer:
        """Ben presses Call again, on the card as it is, or as it was at that attempt."""
        pressed = await self.services.redials.call_again(
            call_id,
            attempt_id=attempt_id or (await self.call(call_id)).attempt_id,
            by=BEN,
            delivery=delivery or f"press{next(self._keys)}",
        )
        await self.quiet()
        return pressed.answer

    async def marks(self, call_id: int, *, was_made: bool) -> PressAnswer:
        """Ben says what became of an unconfirmed call."""
        pressed = await self.services.redials.mark(
            call_id,
            attempt_id=(await self.call(call_id)).attempt_id,
            was_made=was_made,
            by=BEN,
            delivery=f"press{next(self._keys)}",
        )
        await self.quiet()
        return pressed.answer

    # --- what the line tells -------------------------------------------------------------

    async def hears(
        self,
        call_id: int,
        kind: VoiceEventKind,
        *,
        attempt: int = -1,
        voice_call_id: str | None = "v0",
        **event: Any,
    ) -> None:
        """A webhook for a try of the call, by default the newest."""
        token = (await self.attempts(call_id))[attempt].token
        news = VoiceEvent(
            kind=kind,
            word=f"robo_call.{kind}",
            raw="{}",
            voice_call_id=voice_call_id,
            at=self.clock.now(),
            **event,
        )
        assert await self.services.record.record(token, news)
        await self.quiet()

    # --- what is kept --------------------------------------------------------------------

    async def call(self, call_id: int) -> Call:
        """The call as it is stored."""
        call = await self.store.read(lambda tx: tx.call(call_id))
        assert call is not None
        return call

    async def stands(self, call_id: int) -> tuple[str, str | None]:
        """Its state and result."""
        call = await self.call(call_id)
        return call.state, call.result

    async def attempts(self, call_id: int) -> list[Attempt]:
        """Its tries, oldest first."""
        return await self.store.read(lambda tx: tx.attempts_of(call_id))

    async def log(self, call_id: int) -> list[Event]:
        """Its timeline."""
        return await self.store.read(lambda tx: tx.events_of(call_id))

    async def lines_in_use(self) -> int:
        """How many lines of the plan are taken."""
        now = self.clock.now()
        return await self.store.read(lambda tx: tx.outstanding(now=now))

    def told(self, call_id: int) -> list[str]:
        """The events that its thread tells, in order."""
        with closing(sqlite3.connect(self._path)) as connection:
            return [name for (name,) in connection.execute(_TOLD, (call_id,))]


def phone(number: int) -> str:
    """A number that nobody has, one for each `number` (0 to 9999)."""
    return f"+1{212 + number // 100}55501{number % 100:02d}"


@asynccontextmanager
async def a_rig(path: Path, *, limits: PlanLimits = ROOMY, **deployment: Any) -> AsyncIterator[Rig]:
    """An empty database in that folder, and the services on it."""
    file = path / "robocall.db"
    store = await Database.open(file)
    rig = Rig(store, file, Deployment(limits=limits, **deployment))
    try:
        yield rig
    finally:
        await rig.tasks.drain(0)
        await store.close()
