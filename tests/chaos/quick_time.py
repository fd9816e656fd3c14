"""Time for a whole world of processes: one clock, many times faster than the wall.

Slack, the voice service and each process of the bot compute it from the wall clock, so that
they agree, and so that it goes on while the bot is dead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from typing_extensions import override

from bot.sandbox.clock import RealClock
from bot.scheduler import Scheduler

SHORTEST_TICK = 0.2
"""Real seconds: two slow cores have other things to do than to look whether something is due."""


class QuickClock(RealClock):
    """`speed` own seconds per real second since `began` (seconds since 1970)."""

    def __init__(self, *, speed: float, began: float) -> None:
        super().__init__(speed=speed)
        self.began = began

    @override
    def now(self) -> datetime:
        passed = (time.time() - self.began) * self.speed
        return datetime.fromtimestamp(self.began, UTC) + timedelta(seconds=passed)


class PatientClock(QuickClock):
    """Slack's: quick time, but it waits for an acknowledgement as long as the real Slack."""

    @override
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


class QuickScheduler(Scheduler):
    """The bot's own scheduler, told of quick time in seconds of the wall."""

    def __init__(self, clock: QuickClock) -> None:
        super().__init__()
        self._clock = clock

    @override
    def every(self, seconds: float, wake: Callable[[], None], *, name: str) -> None:
        super().every(max(seconds / self._clock.speed, SHORTEST_TICK), wake, name=name)

    @override
    def once_at(self, at: datetime | None, wake: Callable[[], None], *, name: str) -> None:
        if at is not None:
            wait = (at - self._clock.now()).total_seconds() / self._clock.speed
            at = datetime.fromtimestamp(time.time() + max(wait, 0.0), UTC)
        super().once_at(at, wake, name=name)
