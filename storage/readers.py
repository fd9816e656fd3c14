"""Readers: a few threads, each with a connection that cannot write."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from storage.opening import open_reader
from storage.transaction import SqliteTransaction
from storage.writer import translated


class Readers:
    """Runs each read on a snapshot of the last commit, beside the writer."""

    def __init__(self, path: Path, *, busy_timeout: timedelta, count: int = 2) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="database-reader")

    async def read(self, work: Callable[[SqliteTransaction], Any]) -> Any:
        """What `work` returns; raises StoreUnavailable if the file cannot be read."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    async def close(self) -> None:
        """Finish what was asked for, then close the connections."""
        await asyncio.to_thread(self._pool.shutdown)
        for connection in self._connections:
            connection.close()

    def _read(self, work: Callable[[SqliteTransaction], Any]) -> Any:
        try:
            transaction = self._transaction()
            transaction.connection.execute("begin")
            try:
                return work(transaction)
            finally:
                transaction.connection.rollback()
        except sqlite3.Error as error:
            raise translated(error) from error

    def _transaction(self) -> SqliteTransaction:
        """The transaction object of this thread, with its own connection."""
        transaction: SqliteTransaction | None = getattr(self._own, "transaction", None)
        if transaction is None:
            connection = open_reader(self._path, busy_timeout=self._busy_timeout)
            self._connections.append(connection)
            transaction = self._own.transaction = SqliteTransaction(connection)
        return transaction
