from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.voice_event import Source
from bot.ports import Event
from storage.transaction import SqliteTransaction
from tests.storage.rows import add_attempt, add_call
from tests.support.made import NOW


def test_an_event_comes_back_as_it_was(tx: SqliteTransaction) -> None:
    """Every field survives the table."""
    attempt = add_attempt(tx)
    event = Event(
        call_id=attempt.call_id,
        source=Source.WEBHOOK,
        event="key_pressed",
        created_at=NOW,
        attempt_id=attempt.id,
        detail={"digit": "1", "label": "Zusage – ja", "attempt_no": 1, "none": None},
        payload='{"event": "robo_call.dtmf"}',
        dedupe_key="d1",
    )
    event_id = tx.add_event(event)
    assert event_id is not None
    assert replace(event, id=event_id) == tx.event(event_id)
    assert tx.event(event_id + 1) is None


def test_the_same_delivery_is_one_event(tx: SqliteTransaction) -> None:
    """A dedupe key works once; events without one do not meet."""
    event = Event(call_id=add_call(tx), source=Source.BOT, event="x", created_at=NOW)
    keyed = replace(event, dedupe_key="d1")
    assert tx.add_event(keyed) is not None
    assert tx.add_event(keyed) is None
    assert tx.add_event(event) != tx.add_event(event)
    assert len(tx.events_of(event.call_id)) == 3


def test_a_timeline_is_oldest_first_and_one_calls_own(tx: SqliteTransaction) -> None:
    """In the order in which things became known."""
    mine, other = add_call(tx), add_call(tx)
    for call_id, word in ((mine, "requested"), (other, "requested"), (mine, "answered")):
        tx.add_event(Event(call_id=call_id, source=Source.BOT, event=word, created_at=NOW))
    assert [event.event for event in tx.events_of(mine)] == ["requested", "answered"]


def test_an_event_needs_its_call(tx: SqliteTransaction) -> None:
    """Foreign keys are on."""
    with pytest.raises(Exception, match="FOREIGN KEY"):
        tx.add_event(Event(call_id=9, source=Source.BOT, event="x", created_at=NOW))
