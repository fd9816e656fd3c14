"""Reading the documented views from another process, beside a running bot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from storage.opening import DatabaseRefused


@contextmanager
def call_log(path: Path) -> Iterator[tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """The columns and the rows of the view `call_log`, oldest first.

    Raises DatabaseRefused if there is no such file, or it is not Robocall's.
    """
    if not path.is_file():
        raise DatabaseRefused(f"There is no database at {path}. Name it with --db or ROBOCALL_DB.")
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        cursor = connection.execute("select * from call_log order by id")
        yield [column[0] for column in cursor.description], cursor
    except sqlite3.DatabaseError as error:
        raise DatabaseRefused(f"{path} is not a database of Robocall ({error}).") from None
    finally:
        connection.close()
