from __future__ import annotations

import asyncio
from pathlib import Path

from bot.domain.call import AttemptState, Call
from bot.domain.call_state import CallState
from bot.domain.deployment import Deployment
from bot.domain.outcome import NotSent, Placed, PlaceOutcome
from bot.domain.result import Result
from bot.ports import MarkSending, PlaceCall, Profile
from bot.sandbox.clock import PushedClock
from bot.services.cancel_calls import CancelAnswer, CancelCalls
from bot.services.dispatch_calls import DispatchCalls
from bot.services.request_calls import RequestCalls, Requested
from bot.tasks import TaskSet
from storage.database import Database
from tests.support.made import NOW, request

BEN = Profile(user_id="U1", zone="Europe/London", is_admin=False, fetched_at=NOW)


def nothing() -> None:
    """Nobody has to be told here."""


class SlowToConnect:
    """A voice service whose line takes its time; it counts the requests that left."""

    def __init__(self) -> None:
        self.is_asked = asyncio.Event()
        self.is_connected = asyncio.Event()
        self.requests = 0

    async def place_call(self, call: PlaceCall, mark_sending: MarkSending) -> PlaceOutcome:
        self.is_asked.set()
        await self.is_connected.wait()
        try:
            await mark_sending()
        except Exception as error:  # noqa: BLE001 - as the port says: a mark that fails sends nothing
            return NotSent(reason=str(error))
        self.requests += 1
        return Placed(voice_call_id="robo_1")

    async def cancel(self, voice_call_id: str) -> str:
        raise AssertionError("there is nothing to cancel at the voice service")


class Desk:
    """The services of one call, on a real database."""

    def __init__(self, store: Database) -> None:
        self.store, self.tasks, self.voice = store, TaskSet(), SlowToConnect()
        clock, deployment = PushedClock(NOW), Deployment()
        self.dispatch = DispatchCalls(
            store=store,
            clock=clock,
            voice=self.voice,  # type: ignore[arg-type] # only placing and cancelling are used
            deployment=deployment,
            tasks=self.tasks,
            new_token=lambda: b"t" * 16,
            changed=nothing,
            look_again_at=lambda at: None,
        )
        self.requests = RequestCalls(
            store=store, clock=clock, deployment=deployment, wake=self.dispatch.wake
        )
        self.cancels = CancelCalls(
            store=store,
            clock=clock,
            voice=self.voice,  # type: ignore[arg-type] # the same
            tasks=self.tasks,
            messages_waiting=nothing,
            line_freed=self.dispatch.wake,
        )

    async def ask(self) -> Call:
        """Ask for a call, and wait until its line is being opened."""
        self.dispatch.begin()
        answer = await self.requests.request(request(), dedupe_key="1")
        assert isinstance(answer, Requested)
        await self.voice.is_asked.wait()
        return answer.call

    async def connect(self) -> None:
        """Now the line is open; all that follows happens."""
        self.voice.is_connected.set()
        await self.tasks.settle()


async def test_a_call_that_is_stopped_while_the_line_opens_is_never_sent(tmp_path: Path) -> None:
    """The last look is the mark's own: it finds the call cancelled, and no byte leaves."""
    store = await Database.open(tmp_path / "robocall.db")
    desk = Desk(store)
    asked = await desk.ask()
    cancelled = await desk.cancels.cancel(asked.id, by=BEN)
    await desk.connect()
    call = await store.read(lambda tx: tx.call(asked.id))
    attempts = await store.read(lambda tx: tx.attempts_of(asked.id))
    await store.close()
    assert cancelled.answer is CancelAnswer.CANCELLED
    assert desk.voice.requests == 0
    assert call is not None
    assert (call.state, call.result, call.attempts) == (CallState.ENDED, Result.CANCELLED, 0)
    assert [attempt.state for attempt in attempts] == [AttemptState.REJECTED]
    assert not desk.dispatch.brake.is_probing  # the voice service is not to blame


async def test_a_call_that_nobody_stops_is_sent_when_the_line_is_open(tmp_path: Path) -> None:
    """The same without the cancel: one request."""
    store = await Database.open(tmp_path / "robocall.db")
    desk = Desk(store)
    asked = await desk.ask()
    await desk.connect()
    call = await store.read(lambda tx: tx.call(asked.id))
    await store.close()
    assert desk.voice.requests == 1
    assert call is not None
    assert (call.state, call.attempts) == (CallState.PLACED, 1)
