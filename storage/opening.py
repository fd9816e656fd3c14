"""Opening the file: refuse what must not be touched, in a sentence that says what to do."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import sqlite_utils

from storage.migrations import MIGRATIONS, known_migrations

_OLDEST_SQLITE = (3, 37, 0)  # the first with STRICT tables

Trace = Callable[[str], object]
"""Told every statement, as SQLite runs it."""


class DatabaseRefused(Exception):
    """The program must not start with this database; the message says why and what to do."""


class FileLock:
    """One bot per file: a lock the kernel gives back when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock. Raises DatabaseRefused if another process holds it."""
        self._descriptor = _open_private(path.with_name(path.name + ".lock"))
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise DatabaseRefused(
                f"Another Robocall is running with {path}. Stop it first, or give this one a file"
                " of its own with ROBOCALL_DB."
            ) from None

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


def _open_private(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseRefused(
            f"Cannot write {path} ({error.strerror}). Make the folder and the file writable for"
            " this user, or name another file with ROBOCALL_DB."
        ) from None


def open_writer(path: Path, *, busy_timeout: timedelta, trace: Trace | None) -> sqlite3.Connection:
    """The only connection that writes: in WAL mode, with the newest schema.

    A new file can be read by nobody else. Raises DatabaseRefused.
    """
    os.close(_open_private(path))
    connection = _connect(path, busy_timeout=busy_timeout)
    try:
        _tune(connection)
        _prepare(connection, path)
    except BaseException as error:
        connection.close()
        raise _refusal(error, path) from error
    connection.set_trace_callback(trace)
    return connection


def _refusal(error: BaseException, path: Path) -> BaseException:
    """A sentence for SQLite's errors; others as they are."""
    if isinstance(error, sqlite3.OperationalError):
        return DatabaseRefused(
            f"Cannot use {path}: {error}. Close other programs that use it and look at the disk,"
            " then start again."
        )
    return damaged(path, str(error)) if isinstance(error, sqlite3.DatabaseError) else error


def open_reader(path: Path, *, busy_timeout: timedelta) -> sqlite3.Connection:
    """A connection that can only read."""
    connection = _connect(path, busy_timeout=busy_timeout)
    try:
        _tune(connection)
        connection.execute("pragma query_only = on")
    except BaseException:
        connection.close()
        raise
    return connection


def damaged(path: Path, problem: str) -> DatabaseRefused:
    """What to say about a file that does not hold together."""
    return DatabaseRefused(
        f"{path} is damaged or not a database ({problem}). Nothing will be dialled from it: put"
        " back a backup, or save what can be read with `sqlite3 FILE .recover`."
    )


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Read the whole file. Raises DatabaseRefused if it is damaged."""
    try:
        problems = [row[0] for row in connection.execute("pragma quick_check(1)")]
    except sqlite3.OperationalError:
        raise  # locked or interrupted: it says nothing about the file
    except sqlite3.DatabaseError as error:
        raise damaged(path, str(error)) from error
    if problems != ["ok"]:
        raise damaged(path, problems[0])


def _connect(path: Path, *, busy_timeout: timedelta) -> sqlite3.Connection:
    # Each connection is used by one thread at a time, but closed by another.
    return sqlite3.connect(
        path,
        timeout=busy_timeout.total_seconds(),
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )


def _tune(connection: sqlite3.Connection) -> None:
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma mmap_size = 0")
    connection.execute("pragma temp_store = memory")
    connection.execute("pragma cache_size = -8000")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise DatabaseRefused(
            f"This Python comes with SQLite {sqlite3.sqlite_version}; 3.37 or newer is needed."
            " Install a newer SQLite, or a Python that brings one."
        )
    _refuse_foreign_schema(connection, path)
    (mode,) = connection.execute("pragma journal_mode = wal").fetchone()
    if mode != "wal":
        raise DatabaseRefused(
            f"The disk of {path} cannot hold a write-ahead log (a network folder?). Put the file"
            " on a local disk with ROBOCALL_DB."
        )
    connection.execute("pragma synchronous = full")
    connection.execute("pragma journal_size_limit = 67108864")
    _migrate(connection)


def _refuse_foreign_schema(connection: sqlite3.Connection, path: Path) -> None:
    database = sqlite_utils.Database(connection, execute_plugins=False)
    applied = {migration.name for migration in MIGRATIONS.applied(database)}
    if not applied and database.table_names():
        raise DatabaseRefused(
            f"{path} is a database of another program. Name another file with ROBOCALL_DB."
        )
    if applied - known_migrations():
        raise DatabaseRefused(
            f"{path} was written by a newer Robocall than this one. Install that version again,"
            " or name another file with ROBOCALL_DB."
        )


def _migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date, all of it or nothing: closing the connection undoes it."""
    database = sqlite_utils.Database(connection, execute_plugins=False)
    if not MIGRATIONS.pending(database):
        return
    connection.execute("begin immediate")
    MIGRATIONS.apply(database)
    connection.execute("commit")
