from __future__ import annotations

from datetime import timedelta

from bot.services.dispatch_calls import EXPIRE_AT_ONCE
from tests.services.conftest import MakeRig
from tests.services.rig import COMPLETED, MINUTE, Rig
from tests.services.told_voice import DOWN, always
from tests.support.made import NOW

TOMORROW = NOW + timedelta(days=1)


async def test_not_one_of_many_calls_that_are_too_late_is_dialled(rig: Rig) -> None:
    """More of them than one look takes: the rest is not dialled in between."""
    rig.services.dispatch.stop()
    due_at = NOW + timedelta(seconds=10)
    calls = [await rig.ask(due_at=due_at) for _ in range(EXPIRE_AT_ONCE + 5)]
    await rig.clock.advance(timedelta(hours=3).total_seconds())
    await rig.begin()
    await rig.wakes()
    assert rig.voice.placed == []
    assert {await rig.stands(each) for each in calls} == {("ended", "expired")}
    assert [await rig.attempts(each) for each in calls] == [[]] * len(calls)


async def test_a_call_for_tomorrow_outlives_an_outage_of_today(make_rig: MakeRig) -> None:
    """The service holds the schedule and is down: the hour counts from the chosen time."""
    rig = await make_rig(service_schedules=True)
    rig.voice.answer = always(DOWN)
    asked = await rig.ask(due_at=TOMORROW)
    await rig.passes(90 * MINUTE, every=6 * MINUTE)
    assert await rig.stands(asked) == ("queued", None)
    await rig.clock.advance_to(TOMORROW + timedelta(hours=1))
    await rig.wakes()
    assert await rig.stands(asked) == ("ended", "expired")


async def test_a_retry_of_a_call_that_the_service_kept_is_dialled(make_rig: MakeRig) -> None:
    """Its hour counts from the retry's own time, not from when the call was asked for."""
    rig = await make_rig(service_schedules=True)
    asked = await rig.ask(due_at=TOMORROW, retries=1)
    await rig.clock.advance_to(TOMORROW + timedelta(seconds=30))
    await rig.hears(asked, COMPLETED, result="busy")
    await rig.passes(5 * MINUTE + timedelta(seconds=1))
    assert await rig.stands(asked) == ("placed", None)
    assert len(rig.voice.placed) == 2
