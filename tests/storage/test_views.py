"""The views are read by people and their tools: names and meaning stay (design.md 3.6)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.call import ThreadRef
from bot.domain.call_state import CallState
from bot.domain.voice_event import Source
from storage.transaction import SqliteTransaction
from tests.storage.rows import DONE, add_attempt, add_call, add_event
from tests.support.made import NOW

CALL_LOG = [
    "id", "campaign_id", "phone_number", "message", "audio_url", "state", "result", "digit",
    "goal_met", "attempts", "duration", "requested_by", "channel", "thread_ts", "voice_call_id",
    "created_at", "due_at", "placed_at", "answered_at", "ended_at",
]  # fmt: skip
ATTEMPT_LOG = [
    "id", "call_id", "attempt_no", "state", "voice_call_id", "result", "digit", "duration",
    "detail", "claimed_at", "sent_at", "settled_at",
]  # fmt: skip
EVENT_LOG = ["call_id", "source", "event", "payload", "created_at"]

AT = "2026-11-23T10:00:00.000Z"


@pytest.fixture
def reader(tx: SqliteTransaction, path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody with the sqlite3 shell; sees what is committed."""
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def rows(tx: SqliteTransaction, reader: sqlite3.Connection, view: str) -> list[dict[str, Any]]:
    """All rows of a view, as another program sees them."""
    tx.connection.execute("commit")
    cursor = reader.execute(f"select * from {view}")  # noqa: S608 - our own names
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor]
    tx.connection.execute("begin immediate")
    return found


@pytest.mark.parametrize(
    ("view", "columns"),
    [("call_log", CALL_LOG), ("attempt_log", ATTEMPT_LOG), ("event_log", EVENT_LOG)],
)
def test_a_view_has_its_documented_columns(
    tx: SqliteTransaction, view: str, columns: list[str]
) -> None:
    """In this order, under these names."""
    cursor = tx.connection.execute(f"select * from {view}")  # noqa: S608 - our own names
    assert columns == [column[0] for column in cursor.description]


def test_a_new_call_shows_what_is_known(tx: SqliteTransaction, reader: sqlite3.Connection) -> None:
    """What is not known yet is NULL, not an empty text."""
    call_id = add_call(tx)
    assert rows(tx, reader, "call_log") == [
        dict.fromkeys(CALL_LOG)
        | {
            "id": call_id,
            "phone_number": "+14155550123",
            "message": "Your table is ready.",
            "state": "queued",
            "attempts": 0,
            "requested_by": "U1",
            "channel": "C1",
            "created_at": AT,
            "due_at": AT,
        }
    ]


def test_an_ended_call_shows_the_whole_story(
    tx: SqliteTransaction, reader: sqlite3.Connection
) -> None:
    """The card's own channel and thread; keys as text, in order; goal_met as 0 or 1."""
    audio_url = "https://example.com/a.mp3"
    call_id = add_call(tx, message="", audio_url=audio_url)
    tx.update_call(
        call_id,
        state=CallState.ENDED,
        result="answered",
        digits="01",
        goal_met=False,
        attempts=2,
        duration=25,
        voice_call_id="robo_1",
        card=ThreadRef(channel="D1", ts="1700000000.000100"),
        placed_at=NOW,
        answered_at=NOW + timedelta(seconds=1, milliseconds=5),
        ended_at=NOW + timedelta(days=1),
    )
    [row] = rows(tx, reader, "call_log")
    assert row == {
        "id": call_id,
        "campaign_id": None,
        "phone_number": "+14155550123",
        "message": None,
        "audio_url": audio_url,
        "state": "ended",
        "result": "answered",
        "digit": "01",
        "goal_met": 0,
        "attempts": 2,
        "duration": 25,
        "requested_by": "U1",
        "channel": "D1",
        "thread_ts": "1700000000.000100",
        "voice_call_id": "robo_1",
        "created_at": AT,
        "due_at": AT,
        "placed_at": AT,
        "answered_at": "2026-11-23T10:00:01.005Z",
        "ended_at": "2026-11-24T10:00:00.000Z",
    }
    tx.update_call(call_id, goal_met=True)
    assert rows(tx, reader, "call_log")[0]["goal_met"] == 1


def test_an_attempt_shows_its_request(tx: SqliteTransaction, reader: sqlite3.Connection) -> None:
    """When it was claimed, when its first byte left, when its answer was known."""
    attempt = add_attempt(
        tx,
        state=DONE,
        sending_at=NOW + timedelta(milliseconds=1),
        settled_at=NOW + timedelta(milliseconds=999),
        voice_call_id="robo_1",
        digits="1",
        result="answered",
        duration=25,
        detail="queued",
    )
    assert rows(tx, reader, "attempt_log") == [
        {
            "id": attempt.id,
            "call_id": attempt.call_id,
            "attempt_no": 1,
            "state": "done",
            "voice_call_id": "robo_1",
            "result": "answered",
            "digit": "1",
            "duration": 25,
            "detail": "queued",
            "claimed_at": AT,
            "sent_at": "2026-11-23T10:00:00.001Z",
            "settled_at": "2026-11-23T10:00:00.999Z",
        }
    ]


def test_an_event_shows_the_raw_payload_or_its_detail(
    tx: SqliteTransaction, reader: sqlite3.Connection
) -> None:
    """What we were told, word for word; where nobody told us anything, what we know."""
    call_id = add_call(tx)
    raw = '{"event":  "robo_call.answered"}'
    add_event(tx, call_id, source=Source.WEBHOOK, payload=raw, detail={"attempt_no": 1})
    add_event(tx, call_id, event="expired", detail={"due_at": "…"})
    found = rows(tx, reader, "event_log")
    assert [tuple(row.values()) for row in found] == [
        (call_id, "webhook", "answered", raw, AT),
        (call_id, "bot", "expired", '{"due_at":"…"}', AT),
    ]


@pytest.mark.parametrize("milliseconds", [0, 1, 5, 29, 499, 501, 999, 1_783_000_000_123])
def test_view_times_are_exact_to_the_millisecond(tx: SqliteTransaction, milliseconds: int) -> None:
    """No rounding on the way through SQLite's own calendar."""
    at = NOW + timedelta(milliseconds=milliseconds)
    add_call(tx, due_at=at)
    [(text,)] = tx.connection.execute("select due_at from call_log").fetchall()
    expected = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert expected == text
