"""The clock of the embedded peers."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from bot.sandbox.clock import PushedClock, RealClock, within

NOON = datetime(2024, 1, 15, 12, tzinfo=UTC)


async def note(
    clock: PushedClock, notes: list[tuple[str, float]], name: str, *waits: float
) -> None:
    """Sleep through the waits and note when each was over."""
    for wait in waits:
        await clock.sleep(wait)
        notes.append((name, (clock.now() - NOON).total_seconds()))


async def test_pushed_time_stands_still_until_it_is_pushed() -> None:
    """However long the test takes."""
    clock = PushedClock(NOON)
    await clock.settle()
    assert clock.now() == NOON
    await clock.advance(1.5)
    assert clock.now() == NOON + timedelta(seconds=1.5)
    await clock.advance_to(NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)


async def test_sleepers_wake_in_order_each_at_its_own_time() -> None:
    """Also when one push covers several sleeps of one sleeper."""
    clock = PushedClock(NOON)
    notes: list[tuple[str, float]] = []
    sleepers = asyncio.gather(
        note(clock, notes, "a", 2, 2, 2), note(clock, notes, "b", 3, 10), note(clock, notes, "c", 2)
    )
    await clock.advance(6)
    assert notes == [("a", 2), ("c", 2), ("b", 3), ("a", 4), ("a", 6)]
    await clock.advance(7)
    assert notes[5:] == [("b", 13)]
    await sleepers


async def test_the_next_sleeper_waits_for_what_is_outside() -> None:
    """Real I/O that a sleeper started is over before time goes on."""
    clock = PushedClock(NOON)
    seen: list[float] = []

    async def fetch() -> None:
        await clock.sleep(1)
        with clock.outside():
            await asyncio.get_running_loop().run_in_executor(None, int)
        seen.append((clock.now() - NOON).total_seconds())

    fetching = asyncio.gather(fetch(), clock.sleep(2), clock.sleep(3))
    await clock.advance(3)
    assert seen == [1]
    await fetching


async def test_a_sleeper_that_is_cancelled_is_passed_over() -> None:
    """It neither wakes nor moves the clock."""
    clock = PushedClock(NOON)
    sleeping = asyncio.ensure_future(clock.sleep(1))
    await clock.settle()
    sleeping.cancel()
    await clock.advance(2)
    assert sleeping.cancelled()


async def test_no_time_to_sleep_is_one_turn() -> None:
    """Nobody has to push for it."""
    await PushedClock(NOON).sleep(0)
    await PushedClock(NOON).sleep(-1)


def test_a_clock_needs_a_zone_and_a_speed() -> None:
    """Naive times and standing or backward clocks are refused."""
    with pytest.raises(ValueError, match="time zone"):
        PushedClock(NOON.replace(tzinfo=None))
    for speed in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="above 0"):
            RealClock(speed=speed)


async def test_real_time_runs_as_fast_as_wanted() -> None:
    """A minute at 6,000 times the speed takes a hundredth of a second, on both accounts."""
    clock = RealClock(speed=6_000)
    began, started = clock.now(), time.monotonic()
    await clock.sleep(60)
    assert (clock.now() - began).total_seconds() >= 60
    assert 0.009 <= time.monotonic() - started < 1
    assert began.tzinfo is UTC


async def test_work_within_its_time_returns_its_value() -> None:
    """And leaves no sleeper behind that would hold up the clock."""
    clock = PushedClock(NOON)
    assert await within(clock, asyncio.sleep(0, "done"), 5) == "done"


async def test_work_beyond_its_time_is_cancelled() -> None:
    """The answer is then None."""
    clock = PushedClock(NOON)
    never = asyncio.Event()
    waiting = asyncio.ensure_future(within(clock, never.wait(), 5))
    await clock.advance(5)
    assert await waiting is None
