"""Fill a database with waiting calls, quickly and with little memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.domain.call import CallRequest
from bot.domain.call_state import CallState
from storage.call_rows import INSERT_CALL, request_to_row
from storage.values import to_ms

PEOPLE = 50


def seed_calls(path: Path, count: int, *, first_due_at: datetime) -> None:
    """Add `count` scheduled calls, one due each second from `first_due_at` on.

    The file must have been made by `Database.open`, and nobody may write to it meanwhile.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma synchronous = off")  # a fresh file for a measurement
        connection.execute("begin immediate")
        connection.executemany(INSERT_CALL, _rows(count, first_due_at))
        connection.execute("commit")


def _rows(count: int, first_due_at: datetime) -> Iterator[tuple[Any, ...]]:
    created_at = to_ms(first_due_at - timedelta(days=1))
    hour = 3_600_000
    for number in range(count):
        due_at = to_ms(first_due_at) + 1000 * number
        request = _request(number)
        yield (
            f"seed:{number}",
            "",
            CallState.SCHEDULED.value,
            created_at,
            due_at,
            due_at + hour,
            request.retries,
            request.channel,
            *request_to_row(request),
        )


def _request(number: int) -> CallRequest:
    return CallRequest(
        phone_number=f"+1415555{100 + number % 100:04d}",
        requested_by=f"U{number % PEOPLE:03d}",
        channel=f"C{number % PEOPLE:03d}",
        message="Hello {{name}}, your table is ready at {{time}}. See you soon!",
        variables={"name": f"Ann {number}", "time": "2:30 PM"},
    )
