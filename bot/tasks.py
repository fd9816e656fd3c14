"""Supervised background work: no task without an owner, no failure without a log line."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class TaskSet:
    """Holds the bot's own background tasks (ports.Tasks)."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def start(self, work: Coroutine[Any, Any, object], *, name: str) -> None:
        """Run `work` in the background; if it fails, the failure is logged with its name."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # the type and the place, not the text: it may carry numbers or tokens
            log.error("task.failed", task=task.get_name(), error=type(error).__name__, **_at(error))

    def __len__(self) -> int:
        return len(self._tasks)

    async def settle(self) -> None:
        """Wait until nothing is under way, including what is started meanwhile."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def drain(self, timeout: float) -> int:
        """Let what is under way finish, and what it starts, for at most `timeout` seconds.

        Returns how many had to be cut.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self.settle()
        cut = set(self._tasks)
        for task in cut:
            task.cancel()
        if cut:
            await asyncio.wait(cut)
        return len(cut)


def _at(error: BaseException) -> dict[str, object]:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return {}
    return {"file": trace.tb_frame.f_code.co_filename.rsplit("/", 1)[-1], "line": trace.tb_lineno}
