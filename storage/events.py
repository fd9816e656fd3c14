# ruff: noqa: S608 - SQL is put together from constants of this package, values are bound
"""The timeline: what happened to a call, each thing once."""

from __future__ import annotations

from typing import Any

from bot.domain.voice_event import Source
from bot.ports import Event
from storage.rows import Rows
from storage.values import from_json, from_ms, to_json, to_ms

_EVENT = "id, call_id, attempt_id, source, event, created_at, detail, payload, dedupe_key"

_INSERT = """
insert into events (call_id, attempt_id, source, event, created_at, detail, payload, dedupe_key)
values (?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing
"""

_BY_ID = f"select {_EVENT} from events where id = ?"
_OF_CALL = f"select {_EVENT} from events where call_id = ? order by id"


class Events(Rows):
    """The part of a transaction that keeps events (ports.Transaction says what each does)."""

    def add_event(self, event: Event) -> int | None:
        """Log it and return its id; None if its `dedupe_key` is already there."""
        cursor = self.connection.execute(
            _INSERT,
            (
                event.call_id,
                event.attempt_id,
                event.source.value,
                str(event.event),
                to_ms(event.created_at),
                to_json(event.detail),
                event.payload,
                event.dedupe_key,
            ),
        )
        return cursor.lastrowid if cursor.rowcount else None

    def event(self, event_id: int) -> Event | None:
        """One event."""
        row = self.connection.execute(_BY_ID, (event_id,)).fetchone()
        return None if row is None else _from_row(row)

    def events_of(self, call_id: int) -> list[Event]:
        """The whole timeline of a call, oldest first."""
        return [_from_row(row) for row in self.connection.execute(_OF_CALL, (call_id,))]


def _from_row(row: tuple[Any, ...]) -> Event:
    return Event(
        id=row[0],
        call_id=row[1],
        attempt_id=row[2],
        source=Source(row[3]),
        event=row[4],
        created_at=from_ms(row[5]),
        detail=from_json(row[6]),
        payload=row[7],
        dedupe_key=row[8],
    )
