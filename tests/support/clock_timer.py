"""The bot's Timer on a clock that a test pushes: the same wake-ups, at the same times."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.sandbox.clock import Clock


class ClockTimer:
    """A ports.Timer whose time is the test's (APScheduler only knows the machine's)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._waiting: list[tuple[float, Callable[[], None], str]] = []
        self._is_running = False

    def start(self) -> None:
        """Begin to tick."""
        self._is_running = True
        for seconds, wake, name in self._waiting:
            self._jobs[name] = asyncio.create_task(self._again_and_again(seconds, wake))

    def stop(self) -> None:
        """No more ticks."""
        for job in self._jobs.values():
            job.cancel()
        self._jobs.clear()

    def every(self, seconds: float, wake: Callable[[], None], *, name: str) -> None:
        """Call `wake` again and again."""
        self._waiting.append((seconds, wake, name))

    def once_at(self, at: datetime | None, wake: Callable[[], None], *, name: str) -> None:
        """Call `wake` at `at`, instead of the time set before; None takes it back."""
        if old := self._jobs.pop(name, None):
            old.cancel()
        if at is not None:
            self._jobs[name] = asyncio.create_task(self._at(at, wake))

    async def _again_and_again(self, seconds: float, wake: Callable[[], None]) -> None:
        while True:
            await self._clock.sleep(seconds)
            wake()

    async def _at(self, at: datetime, wake: Callable[[], None]) -> None:
        await self._clock.sleep((at - self._clock.now()).total_seconds())
        wake()
