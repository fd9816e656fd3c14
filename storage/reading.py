"""Reading from another process, beside a running bot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from storage.opening import DatabaseRefused
from storage.values import to_ms


@contextmanager
def call_log(path: Path) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """The columns and the rows of the view `call_log`, oldest first.

    Raises DatabaseRefused if there is no such file, or it is not Robocall's.
    """
    with _reading(path) as connection:
        cursor = connection.execute("select * from call_log order by id")
        yield [column[0] for column in cursor.description], cursor


def dead_messages(path: Path, *, since: datetime) -> int:
    """How many Slack messages of that time were given up. Raises DatabaseRefused."""
    with _reading(path) as connection:
        row = connection.execute(
            "select count(*) from outbox where state = 'dead' and created_at >= ?", (to_ms(since),)
        ).fetchone()
        return int(row[0])


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise DatabaseRefused(f"There is no database at {path}. Name it with --db or ROBOCALL_DB.")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        yield connection
    except sqlite3.DatabaseError as error:
        raise DatabaseRefused(f"{path} is not a database of Robocall ({error}).") from None
    finally:
        connection.close()
