"""Is the file whole? Read it from end to end, beside everything else."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

from bot.domain.errors import StoreUnavailable
from storage.opening import Trace, check, open_reader


class FileCheck:
    """One check of the whole file, begun when this is made."""

    def __init__(self, path: Path, *, busy_timeout: timedelta, trace: Trace | None = None) -> None:
        self._connection = open_reader(path, busy_timeout=busy_timeout)
        self._connection.set_trace_callback(trace)
        self._task = asyncio.create_task(asyncio.to_thread(check, self._connection, path))

    async def passed(self) -> None:
        """Return when the file is known to be whole.

        Raises DatabaseRefused if it is damaged, StoreUnavailable if the check was cut short.
        """
        try:
            await asyncio.shield(self._task)
        except sqlite3.OperationalError as error:
            raise StoreUnavailable(f"the database was not checked to its end: {error}") from error

    async def stop(self) -> None:
        """Cut it short if it is still going on."""
        while not self._task.done():
            # An interrupt is lost if the thread has not begun yet: say it until it is heard.
            self._connection.interrupt()
            await asyncio.wait([self._task], timeout=0.05)
        if not self._task.cancelled():
            self._task.exception()  # whoever wanted to know has asked
        self._connection.close()
