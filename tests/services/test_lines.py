from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.call import AttemptState
from bot.domain.dial_policy import PlanLimits
from bot.domain.outcome import Placed, PlaceOutcome, Rejected
from bot.ports import PlaceCall
from tests.services.conftest import MakeRig
from tests.services.rig import COMPLETED, MINUTE, OTHER, Rig
from tests.services.told_voice import (
    BUSY_SERVICE,
    DOWN,
    LOST,
    always,
    first,
    refuses,
    says,
    takes,
)
from tests.support.made import NOW, NUMBER

TWO_LINES = PlanLimits(calls_per_minute=10, concurrent_calls=2)
IN_TWO_DAYS = NOW + timedelta(days=2)


@pytest.mark.parametrize("outcome", [LOST, Placed(voice_call_id="v0")])
async def test_calls_of_another_day_hold_no_line_of_today(
    make_rig: MakeRig, outcome: PlaceOutcome
) -> None:
    """The service keeps them, also where it does not echo the time or its answer is lost."""
    rig = await make_rig(service_schedules=True, limits=TWO_LINES)
    rig.voice.status = says("scheduled")
    rig.voice.answer = always(outcome)
    for _ in range(2):
        await rig.ask(due_at=IN_TWO_DAYS)
    rig.voice.answer = takes
    today = await rig.ask()
    assert await rig.stands(today) == ("placed", None)
    assert len(rig.voice.placed) == 3


async def test_calls_whose_end_is_lost_give_their_lines_back(make_rig: MakeRig) -> None:
    """No call lasts a quarter of an hour: the others do not expire behind two silent ones."""
    rig = await make_rig(limits=TWO_LINES)
    rig.voice.status = refuses(404)
    silent = [await rig.ask() for _ in range(2)]
    waiting = await rig.ask()
    assert await rig.stands(waiting) == ("queued", None)
    await rig.passes(20 * MINUTE, every=MINUTE)
    assert await rig.stands(waiting) == ("placed", None)
    assert {await rig.stands(each) for each in silent} == {("placed", None)}


async def test_a_call_that_ends_gives_its_line_to_the_next(make_rig: MakeRig) -> None:
    """At once, and not with the clock's next beat."""
    rig = await make_rig(limits=PlanLimits(calls_per_minute=10, concurrent_calls=1))
    one = await rig.ask()
    other = await rig.ask()
    await rig.hears(one, COMPLETED, result="answered")
    assert await rig.stands(other) == ("placed", None)
    assert await rig.lines_in_use() == 1


async def test_a_clock_that_is_set_back_holds_nobody_up(make_rig: MakeRig) -> None:
    """The last minute's requests lie in the future now; they count no more."""
    rig = await make_rig(limits=PlanLimits(calls_per_minute=2, concurrent_calls=20))
    await rig.ask()
    await rig.ask()
    await rig.clock.advance(-3600)
    late = await rig.ask()
    await rig.passes(timedelta(hours=1) - MINUTE, every=10 * MINUTE)
    assert (await rig.stands(late), len(rig.voice.placed)) == (("placed", None), 3)


async def test_one_call_that_is_turned_away_again_and_again_stops_no_other(rig: Rig) -> None:
    """It looked like a matter of the key; another call got through, so it is about this one."""

    def answer(call: PlaceCall, number: int) -> PlaceOutcome:
        if call.request.phone_number == NUMBER:
            return Rejected(reason="not to that country", status=403, pauses_all=True)
        return takes(call, number)

    rig.voice.answer = answer
    bad = await rig.ask(phone_number=NUMBER)
    await rig.clock.advance(1)
    good = [await rig.ask() for _ in range(5)]
    await rig.passes(10 * MINUTE, every=MINUTE)
    assert {await rig.stands(each) for each in good} == {("placed", None)}
    assert await rig.stands(bad) == ("ended", "refused")
    # twice before anybody else got through, and once after
    assert sum(call.request.phone_number == NUMBER for call in rig.voice.placed) == 3


async def test_an_older_request_that_gets_through_does_not_release_the_brake(rig: Rig) -> None:
    """It left before the service asked for less; what it says proves nothing now."""
    rig.voice.answering = older = rig.gate()
    await rig.ask()
    rig.voice.answering = None
    rig.voice.answer = always(BUSY_SERVICE)
    await rig.ask()
    assert rig.services.dispatch.brake.holds(rig.clock.now())
    rig.voice.answer = takes
    older.open()
    await rig.quiet()
    await rig.wakes()
    assert rig.services.dispatch.brake.holds(rig.clock.now())
    assert len(rig.voice.placed) == 2


async def test_one_call_goes_first_after_an_outage(rig: Rig) -> None:
    """The others wait for what becomes of it, however often somebody looks."""
    rig.voice.answer = always(DOWN)
    calls = [await rig.ask() for _ in range(10)]
    refused = len(rig.voice.placed)
    rig.voice.answer = takes
    rig.voice.answering = rig.gate()
    await rig.passes(6 * MINUTE)
    for _ in range(3):
        await rig.wakes()
    assert len(rig.voice.placed) == refused + 1
    rig.voice.answering.open()
    rig.voice.answering = None
    await rig.quiet()
    assert {await rig.stands(each) for each in calls} == {("placed", None)}


@pytest.mark.parametrize("outcome", [BUSY_SERVICE, DOWN])
async def test_news_of_a_call_that_was_turned_away_is_believed(
    rig: Rig, outcome: PlaceOutcome
) -> None:
    """The service rings it all the same, and says so before its refusal: not dialled again."""
    rig.voice.answer = first(outcome)
    rig.voice.answering = rig.gate()
    asked = await rig.ask()
    await rig.hears(asked, OTHER)
    rig.voice.answering.open()
    await rig.passes(MINUTE)
    assert await rig.stands(asked) == ("placed", None)
    assert [each.state for each in await rig.attempts(asked)] == [AttemptState.PLACED]
    assert len(rig.voice.placed) == 1
