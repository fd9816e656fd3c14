"""Calls and events to draw, each with sensible values for all that a test does not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call, CallRequest, KeyOption
from bot.domain.call_state import CallState
from bot.domain.voice_event import Source
from bot.ports import Event

NOW = datetime(2026, 11, 23, 14, 3, 5, tzinfo=UTC)
NUMBER = "+14155550123"
MASKED = "+1 ••• ••• 0123"
ANN = "U0ANN"

CONFIRM = KeyOption(digit="1", label="Confirm", reply="Thank you, you are booked.")
MOVE = KeyOption(digit="2", label="Another day")

RUDE = "*bold* <!channel> <@U0EVIL> <http://evil.example|bank> `x` & \u202egnp.exe\x07"
"""Text as nobody should write it (S26)."""


def a_request(**changes: Any) -> CallRequest:
    """A request for one call, now, with two keys."""
    values: dict[str, Any] = {
        "phone_number": NUMBER,
        "requested_by": ANN,
        "channel": "C0DESK",
        "message": "Hello {{name}}, your table is ready.",
        "variables": {"name": "Bo"},
        "keys": (CONFIRM, MOVE),
    }
    return CallRequest(**{**values, **changes})


def a_call(state: CallState = CallState.QUEUED, **changes: Any) -> Call:
    """A call in `state`, asked for a minute ago; `request` may be the request's changes."""
    request = changes.pop("request", {})
    asked_at = NOW - timedelta(minutes=1)
    values: dict[str, Any] = {
        "id": 12,
        "request": a_request(**request),
        "state": state,
        "created_at": asked_at,
        "due_at": asked_at,
        "expires_at": asked_at + timedelta(hours=1),
        "attempt_id": 34,
    }
    return Call(**{**values, **changes})


def an_ended_call(result: str, **changes: Any) -> Call:
    """A call that ended with `result` now."""
    return a_call(CallState.ENDED, result=result, ended_at=NOW, attempts=1, **changes)


def an_event(name: str, **detail: Any) -> Event:
    """Something that happened to the call now."""
    return Event(id=7, call_id=12, source=Source.WEBHOOK, event=name, created_at=NOW, detail=detail)


def an_attempt(**changes: Any) -> Attempt:
    """A try that was placed."""
    values: dict[str, Any] = {
        "id": 34,
        "call_id": 12,
        "attempt_no": 1,
        "token": bytes(16),
        "phone_number": NUMBER,
        "state": AttemptState.PLACED,
        "claimed_at": NOW,
    }
    return Attempt(**{**values, **changes})
