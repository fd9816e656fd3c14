"""Asking for a call, and for the same call once more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.call import CallRequest
from bot.domain.call_state import CallState
from bot.domain.deployment import Deployment
from bot.sandbox.clock import PushedClock
from bot.services.find_calls import FindCalls
from bot.services.request_calls import (
    AlreadyRequested,
    AskedBefore,
    RequestCalls,
    Requested,
)
from storage.database import Database
from tests.support.made import NOW, request

LATER = NOW + timedelta(hours=2)


class Desk:
    """The service on a real database, with a clock that is pushed."""

    def __init__(self, store: Database) -> None:
        self.store = store
        self.clock = PushedClock(NOW)
        self.wakes = 0

    def service(self, *, hands_over: bool = False) -> RequestCalls:
        """The service; `hands_over`: the voice service holds deferred calls."""
        return RequestCalls(
            store=self.store,
            clock=self.clock,
            deployment=Deployment(service_schedules=hands_over),
            wake=self._wake,
        )

    def _wake(self) -> None:
        self.wakes += 1

    async def asked(self, wanted: CallRequest, *, key: str = "k1") -> Requested:
        """A call that is new."""
        answer = await self.service().request(wanted, dedupe_key=key)
        assert isinstance(answer, Requested)
        return answer


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """An empty database."""
    store = await Database.open(tmp_path / "robocall.db")
    yield Desk(store)
    await store.close()


async def test_the_same_delivery_is_one_call(desk: Desk) -> None:
    """Slack repeats itself: the second time tells of the first."""
    first = await desk.asked(request())
    again = await desk.service().request(request(), dedupe_key="k1")
    assert again == AlreadyRequested(call=first.call)
    assert desk.wakes == 1


async def test_the_same_words_a_moment_later_are_asked_about(desk: Desk) -> None:
    """Another delivery, the same call: perhaps a double click, so nothing rings yet."""
    first = await desk.asked(request())
    await desk.clock.advance(5)
    again = await desk.service().request(request(), dedupe_key="k2")
    assert again == AskedBefore(call=first.call, ago=timedelta(seconds=5))
    meant = await desk.service().request(request(), dedupe_key="k3", is_deliberate=True)
    assert isinstance(meant, Requested)


async def test_another_time_is_another_call(desk: Desk) -> None:
    """Two reminders of the same words are not a double click."""
    await desk.asked(request(due_at=LATER))
    other = await desk.service().request(
        request(due_at=LATER + timedelta(hours=1)), dedupe_key="k2"
    )
    assert isinstance(other, Requested)


async def test_a_deferred_call_waits_where_the_settings_say(desk: Desk) -> None:
    """Here until it is due, or at once to the voice service, which then holds it."""
    here = await desk.asked(request(due_at=LATER))
    assert (here.call.state, here.call.due_at) == (CallState.SCHEDULED, LATER)
    there = await desk.service(hands_over=True).request(
        request(due_at=LATER, phone_number="+14155550124"), dedupe_key="k2"
    )
    assert isinstance(there, Requested)
    assert (there.call.state, there.call.due_at) == (CallState.QUEUED, NOW)


async def test_a_twin_is_stored_once(desk: Desk) -> None:
    """ "Yes, call again" rings once more, however often Slack delivers the click."""
    first = await desk.asked(request())
    twin = await desk.service().request_twin(first.call.id, by="U1", dedupe_key="click:1")
    assert isinstance(twin, Requested)
    assert twin.call.id != first.call.id
    assert twin.call.request == first.call.request
    again = await desk.service().request_twin(first.call.id, by="U1", dedupe_key="click:1")
    assert again == AlreadyRequested(call=twin.call)
    assert desk.wakes == 2


async def test_a_twin_of_a_time_that_has_passed_is_due_now(desk: Desk) -> None:
    """The button was pressed after the time it was for."""
    first = await desk.asked(request(due_at=LATER))
    await desk.clock.advance(3 * 3600)
    twin = await desk.service().request_twin(first.call.id, by="U1", dedupe_key="click:1")
    assert isinstance(twin, Requested)
    assert (twin.call.state, twin.call.due_at) == (CallState.QUEUED, desk.clock.now())


async def test_a_twin_is_for_the_requester_alone(desk: Desk) -> None:
    """Somebody else's call, or none at all, cannot be repeated."""
    first = await desk.asked(request())
    service = desk.service()
    assert await service.request_twin(first.call.id, by="U2", dedupe_key="click:1") is None
    assert await service.request_twin(999, by="U1", dedupe_key="click:2") is None
    assert desk.wakes == 1


async def test_a_call_that_is_gone_has_no_story(desk: Desk) -> None:
    """Whoever asks is told so, instead of an error."""
    find = FindCalls(store=desk.store)
    first = await desk.asked(request())
    story = await find.story(first.call.id)
    assert story is not None
    assert [event.event for event in story.events] == ["requested"]
    assert await find.story(999) is None
