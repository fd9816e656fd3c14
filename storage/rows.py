# ruff: noqa: S608 - SQL is put together from constants of this package, values are bound
"""What every part of a transaction shares: its connection, and changing named columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Column = Callable[[Any], Any]
"""How a value of the domain becomes a value of SQLite."""


def as_is(value: Any) -> Any:
    """A value that SQLite knows as it is."""
    return value


class Rows:
    """A connection inside a transaction; parts of `SqliteTransaction` inherit from this."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def _change(
        self, table: str, row_id: int, changes: Mapping[str, Any], columns: Mapping[str, Column]
    ) -> None:
        """Set the named columns of one row.

        Raises TypeError for a name that `columns` does not have and LookupError if there is no
        such row: both are mistakes of the program.
        """
        if not changes:
            return
        try:
            values = [columns[name](value) for name, value in changes.items()]
        except KeyError as error:
            raise TypeError(f"{table} has no {error} that can be changed") from None
        cursor = self.connection.execute(_update(table, tuple(changes)), (*values, row_id))
        if cursor.rowcount == 0:
            raise LookupError(f"{table} has no row {row_id}")


@lru_cache(maxsize=512)
def _update(table: str, names: tuple[str, ...]) -> str:
    """The UPDATE of these columns; the same text each time, so SQLite compiles it once."""
    assignments = ", ".join(f"{name} = ?" for name in names)
    return f"update {table} set {assignments} where id = ?"
