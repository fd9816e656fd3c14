"""The real clock and the real APScheduler: wake-ups come, move, stop, and are never dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, tzinfo

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest
from typing_extensions import override

import bot.scheduler
from bot.scheduler import Scheduler, SystemClock

CLOCK = SystemClock()
LONG = timedelta(hours=1)
PATIENCE = 10.0


class Wakes:
    """Counts wake-ups, and lets a test wait for them."""

    def __init__(self) -> None:
        self.count = 0
        self.loops: set[asyncio.AbstractEventLoop] = set()
        self._came = asyncio.Event()

    def __call__(self) -> None:
        self.count += 1
        self.loops.add(asyncio.get_running_loop())
        self._came.set()

    async def next(self) -> None:
        """Wait for one more."""
        async with asyncio.timeout(PATIENCE):
            await self._came.wait()
        self._came.clear()


@pytest.fixture
async def scheduler() -> AsyncIterator[Scheduler]:
    """One that is not running yet."""
    made = Scheduler()
    yield made
    made.stop()


async def test_the_clock_tells_utc() -> None:
    """Aware, in UTC, and it goes forward while somebody sleeps."""
    before = CLOCK.now()
    await CLOCK.sleep(0.001)
    after = CLOCK.now()
    assert (before.tzinfo, after.utcoffset()) == (UTC, timedelta())
    assert after - before >= timedelta(seconds=0.001)


async def test_it_wakes_again_and_again_in_the_event_loop(scheduler: Scheduler) -> None:
    """Not in a thread: the services belong to the loop."""
    wakes = Wakes()
    scheduler.every(0.01, wakes, name="tick")
    scheduler.start()
    for _ in range(3):
        await wakes.next()
    assert wakes.loops == {asyncio.get_running_loop()}


async def test_it_wakes_once_at_a_time(scheduler: Scheduler) -> None:
    """And not before, nor a second time."""
    once, later = Wakes(), Wakes()
    scheduler.start()
    at = CLOCK.now() + timedelta(seconds=0.05)
    scheduler.once_at(at, once, name="next_due")
    scheduler.once_at(at + timedelta(seconds=0.1), later, name="after")
    await once.next()
    assert CLOCK.now() >= at
    await later.next()
    assert once.count == 1


async def test_the_past_is_now(scheduler: Scheduler) -> None:
    """What was due while the bot was down comes at once; APScheduler would drop it (P9)."""
    wakes = Wakes()
    scheduler.once_at(datetime(2020, 1, 1, tzinfo=UTC), wakes, name="next_due")
    scheduler.start()
    await wakes.next()
    assert wakes.count == 1


async def test_a_new_time_replaces_the_old(scheduler: Scheduler) -> None:
    """An urgent call overtakes a later one; there is one wake-up by that name."""
    old, new = Wakes(), Wakes()
    scheduler.start()
    scheduler.once_at(CLOCK.now() + LONG, old, name="next_due")
    scheduler.once_at(CLOCK.now(), new, name="next_due")
    await new.next()
    assert (old.count, new.count) == (0, 1)


async def test_a_time_can_be_taken_back(scheduler: Scheduler) -> None:
    """None forgets the wake-up; taking back what is not there does no harm."""
    gone, other = Wakes(), Wakes()
    at = CLOCK.now() + timedelta(seconds=0.05)
    scheduler.start()
    scheduler.once_at(at, gone, name="next_due")
    scheduler.once_at(None, gone, name="next_due")
    scheduler.once_at(None, gone, name="next_due")
    scheduler.once_at(at + timedelta(seconds=0.05), other, name="other")
    await other.next()
    assert gone.count == 0


async def test_nothing_wakes_after_stop(scheduler: Scheduler) -> None:
    """Stopping is at once, and may be said twice or too early."""
    wakes, witness = Wakes(), Wakes()
    scheduler.stop()
    scheduler.every(0.01, wakes, name="tick")
    scheduler.start()
    await wakes.next()
    scheduler.stop()
    scheduler.stop()
    before = wakes.count
    other = Scheduler()
    other.once_at(CLOCK.now() + timedelta(seconds=0.1), witness, name="later")
    other.start()
    await witness.next()
    other.stop()
    assert wakes.count == before


async def test_a_clock_set_back_silences_no_tick(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """APScheduler waits for the old time to come again: an hour without a dial or a poll."""
    monkeypatch.setattr("bot.scheduler._LOOK_EVERY", 0.02)
    wakes = Wakes()
    scheduler.every(0.05, wakes, name="tick")
    scheduler.start()
    await wakes.next()
    _set_the_machine(monkeypatch, back=LONG)
    for _ in range(3):
        await wakes.next()


def _set_the_machine(monkeypatch: pytest.MonkeyPatch, *, back: timedelta) -> None:
    """Set the clock of everybody who reads the machine's."""

    class SetBack(datetime):
        @classmethod
        @override
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # no subclass
            return datetime.now(tz) - back  # noqa: TID251 - it stands in for the machine

    for reader in (apscheduler.schedulers.base, apscheduler.triggers.interval, bot.scheduler):
        monkeypatch.setattr(reader, "datetime", SetBack)


async def test_a_wake_that_fails_does_not_end_the_ticks(
    scheduler: Scheduler, caplog: pytest.LogCaptureFixture
) -> None:
    """The next beat comes; the failure is in the log."""
    wakes = Wakes()

    def fails_once() -> None:
        wakes()
        if wakes.count == 1:
            raise RuntimeError("the first one")

    scheduler.every(0.01, fails_once, name="tick")
    scheduler.start()
    await wakes.next()
    await wakes.next()
    assert "raised an exception" in caplog.text
