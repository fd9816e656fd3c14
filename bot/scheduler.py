"""The clock: the only importer of APScheduler, and the only reader of the system's time.

APScheduler keeps a handful of wake-ups in memory and nothing else; what is due stands in
SQLite. A late wake-up is never dropped (`misfire_grace_time=None`), many late ones are one
(`coalesce`), and each returns at once, since APScheduler 3 cancels what runs at shutdown.

It plans by the wall clock, so a clock that is set back would silence the ticks for as long; a
look by the event loop's own time, which nobody sets, finds such ticks and lets them go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

_LOOK_EVERY = 1.0
"""Seconds of the event loop between two looks for ticks that a clock set back has put off."""


class SystemClock:
    """The machine's own time (ports.Clock)."""

    def now(self) -> datetime:
        """The time now, aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the one clock everybody is given

    async def sleep(self, seconds: float) -> None:
        """Wait that long."""
        await asyncio.sleep(seconds)


class Scheduler:
    """Wakes services up: once at a time, or again and again."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._intervals: dict[str, timedelta] = {}
        self._look: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to tick; needs a running event loop."""
        self._scheduler.start()
        self._look_later()

    def stop(self) -> None:
        """No more ticks."""
        if self._look:
            self._look.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def every(self, seconds: float, wake: Callable[[], None], *, name: str) -> None:
        """Call `wake` again and again."""
        self._intervals[name] = timedelta(seconds=seconds)
        self._scheduler.add_job(
            _in_loop(wake), "interval", seconds=seconds, id=name, replace_existing=True
        )

    def once_at(self, at: datetime | None, wake: Callable[[], None], *, name: str) -> None:
        """Call `wake` at `at`, instead of the time set before; None takes it back."""
        job = self._scheduler.get_job(name)
        if at is None:
            if job:
                job.remove()
        # set again it would be found again: a tenth of a busy bot's time
        elif job is None or getattr(job, "next_run_time", None) != at:
            self._scheduler.add_job(
                _in_loop(wake), "date", run_date=at, id=name, replace_existing=True
            )

    def _look_later(self) -> None:
        self._look = asyncio.get_running_loop().call_later(_LOOK_EVERY, self._bring_back)

    def _bring_back(self) -> None:
        """A tick farther away than its interval was planned before the clock was set back."""
        now = SystemClock().now()
        for name, interval in self._intervals.items():
            if self._scheduler.get_job(name).next_run_time > now + interval:
                self._scheduler.modify_job(name, next_run_time=now)
        self._look_later()


def _in_loop(wake: Callable[[], None]) -> Callable[[], object]:
    """A coroutine function runs in the event loop; a plain one would run in a thread."""

    async def beat() -> None:
        wake()

    return beat
