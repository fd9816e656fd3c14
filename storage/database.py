"""The database: one writer, a few readers, and the promise that a file is whole.

`write` and `read` are `ports.Store`. How writing works is told in storage.writer, what is
refused at start in storage.opening.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast

from bot.domain.errors import StoreUnavailable
from bot.ports import Transaction
from storage.checking import FileCheck
from storage.opening import DatabaseRefused, FileLock, Trace, open_writer
from storage.readers import Readers
from storage.writer import Writer

__all__ = ["Database", "DatabaseRefused"]

T = TypeVar("T")

BUSY_TIMEOUT = timedelta(seconds=2)
"""How long a write waits for another program's lock (fault-catalogue S3)."""

CHECKED_AT_ONCE = 32 * 1024 * 1024
"""Bytes of a file that is checked before `open` returns; a larger one is checked beside it."""


class Database:
    """SQLite behind one writer. Made by `open`."""

    def __init__(self, path: Path, *, lock: FileLock, connection: sqlite3.Connection) -> None:
        self.path = path
        self._lock = lock
        self._connection = connection
        self._check = FileCheck(path, busy_timeout=BUSY_TIMEOUT)
        self._readers = Readers(path, busy_timeout=BUSY_TIMEOUT)
        self._writer = Writer(connection, path)
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        busy_timeout: timedelta = BUSY_TIMEOUT,
        checked_at_once: int = CHECKED_AT_ONCE,
        trace: Trace | None = None,
    ) -> Database:
        """Open or make the file. Raises DatabaseRefused with a sentence that says what to do.

        A file of more than `checked_at_once` bytes is still being checked when this returns:
        await `verified` before anything irrevocable. `trace` is told the writer's statements.
        """
        lock = await asyncio.to_thread(FileLock, path)
        try:
            connection = await asyncio.to_thread(
                open_writer, path, busy_timeout=busy_timeout, trace=trace
            )
            database = cls(path, lock=lock, connection=connection)
        except BaseException:
            lock.release()
            raise
        if (await asyncio.to_thread(path.stat)).st_size <= checked_at_once:
            try:
                await database.verified()
            except BaseException:
                await database.close()
                raise
        return database

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a durable transaction.

        Raises StoreUnavailable if it cannot be saved, and whatever `work` raises; nothing of
        it is saved then. `work` may run twice, so it must have no effect but on the
        transaction. If the waiter is cancelled the work still happens, whole or not at all.
        """
        if self._is_closed:
            raise StoreUnavailable("the database is closed; nothing was saved")
        return cast("T", await self._writer.submit(work))

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` on the last commit. Raises StoreUnavailable if the file cannot be read."""
        if self._is_closed:
            raise StoreUnavailable("the database is closed")
        return cast("T", await self._readers.read(work))

    async def verified(self) -> None:
        """Return when the whole file has been checked.

        Raises DatabaseRefused if it is damaged, StoreUnavailable if it is closed before.
        """
        await self._check.passed()

    async def failed(self) -> str:
        """Wait until the file can no longer be trusted, and say why: the program must stop."""
        return await asyncio.shield(self._writer.failed)

    async def close(self) -> None:
        """Finish everything handed over, then let go of the file."""
        if self._is_closed:
            return
        self._is_closed = True
        await self._writer.stop()
        await self._readers.close()
        await self._check.stop()
        # The last connection to close copies the log into the file: that takes a moment.
        await asyncio.to_thread(self._connection.close)
        self._lock.release()
