"""Short ways to put rows into a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call
from bot.domain.call_state import CallState
from bot.domain.voice_event import Source
from bot.ports import Event, Transaction
from tests.support.made import NOW, request


def add_call(
    tx: Transaction,
    *,
    state: CallState = CallState.QUEUED,
    due_at: datetime = NOW,
    expires_at: datetime | None = None,
    dedupe_key: str | None = None,
    **asked: Any,
) -> int:
    """A new call; `asked` changes the request."""
    call_id = tx.add_call(
        request(**asked),
        state=state,
        created_at=NOW,
        due_at=due_at,
        expires_at=expires_at or due_at + timedelta(hours=1),
        dedupe_key=dedupe_key,
    )
    assert call_id is not None
    return call_id


def get_call(tx: Transaction, call_id: int) -> Call:
    """The call, which is there."""
    call = tx.call(call_id)
    assert call is not None
    return call


def add_attempt(tx: Transaction, token: bytes = b"t" * 16, **changes: Any) -> Attempt:
    """An attempt of a new call, changed as told; `call` changes the call."""
    of_call = changes.pop("call", {})
    call_id = add_call(tx)
    attempt = tx.add_attempt(get_call(tx, call_id), attempt_no=1, token=token, now=NOW)
    tx.update_attempt(attempt.id, **changes)
    tx.update_call(call_id, **of_call)
    changed = tx.attempt(attempt.id)
    assert changed is not None
    return changed


def add_event(tx: Transaction, call_id: int, **changes: Any) -> int:
    """An event of a call."""
    fields: dict[str, Any] = {"source": Source.BOT, "event": "answered", "created_at": NOW}
    event_id = tx.add_event(Event(call_id=call_id, **(fields | changes)))
    assert event_id is not None
    return event_id


SENDING, PLACED, UNKNOWN = AttemptState.SENDING, AttemptState.PLACED, AttemptState.UNKNOWN
REJECTED, DONE, CLAIMED = AttemptState.REJECTED, AttemptState.DONE, AttemptState.CLAIMED
