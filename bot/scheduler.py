"""The clock: the only importer of APScheduler, and the only reader of the system's time.

APScheduler keeps a handful of wake-ups in memory and nothing else; what is due stands in
SQLite. A late wake-up is never dropped (`misfire_grace_time=None`), many late ones are one
(`coalesce`), and each returns at once, since APScheduler 3 cancels what runs at shutdown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler


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

    def start(self) -> None:
        """Begin to tick; needs a running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """No more ticks."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    def every(self, seconds: float, wake: Callable[[], None], *, name: str) -> None:
        """Call `wake` again and again."""
        self._scheduler.add_job(
            _in_loop(wake), "interval", seconds=seconds, id=name, replace_existing=True
        )

    def once_at(self, at: datetime | None, wake: Callable[[], None], *, name: str) -> None:
        """Call `wake` at `at`, instead of the time set before; None takes it back."""
        if at is not None:
            self._scheduler.add_job(
                _in_loop(wake), "date", run_date=at, id=name, replace_existing=True
            )
        elif self._scheduler.get_job(name):
            self._scheduler.remove_job(name)


def _in_loop(wake: Callable[[], None]) -> Callable[[], object]:
    """A coroutine function runs in the event loop; a plain one would run in a thread."""

    async def beat() -> None:
        wake()

    return beat
