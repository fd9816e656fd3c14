"""The writer: one thread, one connection, and one commit for everything that waits.

Pieces of work come in through a queue. The thread takes all that wait, opens one transaction,
runs them, commits once and then tells all waiters at once. It never lingers for more: while it
commits, the next batch gathers by itself.

If one of them raises, all are undone and each is run again in a transaction of its own. That is
rare, and two savepoint statements around each piece would be a tenth of its cost. So a piece may
run twice and must have no effect outside the transaction.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.domain.errors import StoreUnavailable
from storage.transaction import SqliteTransaction

Work = Callable[[SqliteTransaction], Any]

# Primary result codes that speak of the file and the disk, not of the statement.
_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY: "another program is writing to the database",
    sqlite3.SQLITE_LOCKED: "another program is writing to the database",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_IOERR: "the disk reported an error",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "another program is writing to the database",
    sqlite3.SQLITE_NOTADB: "the database file is damaged",
}

# After these nobody knows what reached the disk; trying again could make it worse.
_FATAL = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@dataclass(frozen=True, slots=True)
class _Piece:
    work: Work
    done: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class _Outcome:
    done: asyncio.Future[Any]
    value: Any = None
    error: BaseException | None = None

    def tell(self) -> None:
        """Resolve the waiter, if it still waits."""
        if self.done.done():
            return
        if self.error is None:
            self.done.set_result(self.value)
        else:
            self.done.set_exception(self.error)


def translated(error: BaseException) -> BaseException:
    """StoreUnavailable for what the file or the disk did; anything else as it is."""
    reason = _UNAVAILABLE.get(_code(error))
    if reason is None:
        return error
    unavailable = StoreUnavailable(f"{reason}; nothing was saved")
    unavailable.__cause__ = error
    return unavailable


def _code(error: BaseException) -> int:
    """SQLite's primary result code; -1 if the error is not SQLite's."""
    return int(getattr(error, "sqlite_errorcode", -1)) & 0xFF


class Writer:
    """Owns the writing connection: `submit` from the event loop, `stop` drains."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._transaction = SqliteTransaction(connection)
        self._path = path
        self._inode = path.stat().st_ino
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._going = True
        self._broken: str | None = None
        self.failed: asyncio.Future[str] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work) -> asyncio.Future[Any]:
        """Hand over a piece of work; the future is resolved after its commit."""
        done: asyncio.Future[Any] = self._loop.create_future()
        self._queue.put(_Piece(work, done))
        return done

    async def stop(self) -> None:
        """Finish what was handed over, then end the thread; nothing may be submitted after."""
        self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while self._going:
            batch = self._waiting([self._queue.get()])
            if batch:
                outcomes = self._commit(batch)
                with suppress(RuntimeError):  # the event loop is closed: nobody waits any more
                    self._loop.call_soon_threadsafe(_tell_all, outcomes)

    def _waiting(self, items: list[_Piece | None]) -> list[_Piece]:
        """These and everything else that waits."""
        while not self._queue.empty():
            items.append(self._queue.get())
        self._going = self._going and None not in items
        return [item for item in items if item is not None]

    def _commit(self, batch: list[_Piece]) -> list[_Outcome]:
        """One transaction for the whole batch."""
        if refusal := self._refusal():
            return [_Outcome(piece.done, error=StoreUnavailable(refusal)) for piece in batch]
        try:
            self._connection.execute("begin immediate")
        except sqlite3.Error as error:
            # What came while we waited for the lock has waited long enough: it is told too.
            return self._refuse([*batch, *self._waiting([])], error)
        try:
            outcomes = [
                _Outcome(piece.done, value=piece.work(self._transaction)) for piece in batch
            ]
            self._connection.execute("commit")
        except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the waiters
            return self._undo(batch, error)
        return outcomes

    def _undo(self, batch: list[_Piece], error: BaseException) -> list[_Outcome]:
        """Nothing of the batch is saved; unless the file is lost, try its pieces one by one."""
        if self._connection.in_transaction:
            self._connection.execute("rollback")
        if len(batch) == 1 or _code(error) in _FATAL:
            return self._refuse(batch, error)
        return [outcome for piece in batch for outcome in self._commit([piece])]

    def _refuse(self, batch: list[_Piece], error: BaseException) -> list[_Outcome]:
        if _code(error) in _FATAL:
            self._break(str(translated(error)))
        return [_Outcome(piece.done, error=translated(error)) for piece in batch]

    def _refusal(self) -> str | None:
        """Why nothing can be written any more, or None."""
        if self._broken is None and not self._is_in_place():
            self._break("the database file was moved, deleted or replaced; nothing was saved")
        return self._broken

    def _is_in_place(self) -> bool:
        try:
            return self._path.stat().st_ino == self._inode
        except OSError:
            return False

    def _break(self, reason: str) -> None:
        self._broken = reason
        with suppress(RuntimeError):  # the event loop is closed
            self._loop.call_soon_threadsafe(self._tell_failure, reason)

    def _tell_failure(self, reason: str) -> None:
        if not self.failed.done():
            self.failed.set_result(reason)


def _tell_all(outcomes: list[_Outcome]) -> None:
    for outcome in outcomes:
        outcome.tell()
