"""Time of the embedded peers: real, compressed, or pushed by a test.

A peer reads `now()`, waits with `sleep()` and wraps real network I/O in `outside()`.
`RealClock` lets time pass, N times faster if wanted. `PushedClock` stands still until a test
calls `advance()`, which wakes the sleepers one by one, in order of their due times, and lets the
network I/O they start finish before the next one wakes.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

T = TypeVar("T")

# Turns of the event loop that a woken task may need until it sleeps or does I/O again.
_TURNS = 25


class Clock(Protocol):
    """What a peer may ask about time; all seconds are the peer's own, not real ones."""

    @property
    def speed(self) -> float:
        """Own seconds per real second."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait that many own seconds; zero or less is one turn of the event loop."""

    def outside(self) -> AbstractContextManager[None]:
        """Mark real network I/O, which takes real time, so that `settle` can wait for it."""

    async def settle(self) -> None:
        """Wait until nothing is `outside` any more and the tasks woken by that have had a turn."""


class _Outside:
    """Counts the network I/O that is under way."""

    def __init__(self) -> None:
        self._under_way = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Mark real network I/O; may be nested and used by many tasks at once."""
        self._under_way += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._quiet.set()

    async def settle(self) -> None:
        """Wait until nothing is outside after a full round of turns."""
        await self._turns()
        while self._under_way:
            await self._quiet.wait()
            await self._turns()

    async def _turns(self) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)


class RealClock(_Outside):
    """Time that passes by itself, `speed` times faster than on the wall, from the wall's now."""

    def __init__(self, *, speed: float = 1.0) -> None:
        """Start at the present moment; `speed` must be above zero, else `ValueError`."""
        super().__init__()
        if not speed > 0:
            message = f"speed must be above 0, not {speed}"
            raise ValueError(message)
        self.speed = speed
        self._origin = datetime.now(UTC)  # noqa: TID251 - this is the one clock
        self._started = time.monotonic()

    def now(self) -> datetime:
        """The compressed present, aware, in UTC; never runs backwards."""
        return self._origin + timedelta(seconds=(time.monotonic() - self._started) * self.speed)

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of the clock's own time."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)


class PushedClock(_Outside):
    """Time that stands still until somebody advances it."""

    def __init__(self, start: datetime) -> None:
        """Stand at `start`, which must be aware, else `ValueError`."""
        super().__init__()
        if start.tzinfo is None:
            message = "start needs a time zone"
            raise ValueError(message)
        self.speed = 1.0
        self._now = start.astimezone(UTC)
        self._order = itertools.count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Where the clock has been pushed to, aware, in UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been pushed `seconds` further."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        due = self._now + timedelta(seconds=seconds)
        heapq.heappush(self._sleepers, (due, next(self._order), woken))
        await woken

    async def advance(self, seconds: float) -> None:
        """Push the clock: whatever falls due runs, in order, each at its own time."""
        await self.settle()
        target = self._now + timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, woken = heapq.heappop(self._sleepers)
            if woken.done():  # the sleeper was cancelled
                continue
            self._now = due
            woken.set_result(None)
            await self.settle()
        self._now = target

    async def advance_to(self, moment: datetime) -> None:
        """Push the clock to that moment, as `advance` does."""
        await self.advance((moment - self._now).total_seconds())


async def within(clock: Clock, work: Coroutine[object, object, T], seconds: float) -> T | None:
    """What `work` returns, or None when it takes longer than `seconds`; it is then cancelled.

    `work` must be safe to cancel: it either has its effect or leaves everything as it was.
    """
    working = asyncio.ensure_future(work)
    sleeping = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({working, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        sleeping.cancel()
