"""Calls and attempts for tests of rules: complete, plain, changed by keyword."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call, CallRequest, KeyOption
from bot.domain.call_state import CallState

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
NUMBER = "+14155550123"

CONFIRM = KeyOption(digit="1", label="Confirm", reply="Your appointment is confirmed.")
CANCEL = KeyOption(digit="2", label="Cancel")


def request(**changes: Any) -> CallRequest:
    """A request to say hello."""
    made = CallRequest(
        phone_number=NUMBER, requested_by="U1", channel="C1", message="Your table is ready."
    )
    return replace(made, **changes)


def call(**changes: Any) -> Call:
    """A call that the voice service took a moment ago."""
    made = Call(
        id=7,
        request=changes.pop("request", request()),
        state=CallState.PLACED,
        created_at=NOW,
        due_at=NOW,
        expires_at=NOW + timedelta(hours=1),
        attempts=1,
        attempt_id=70,
        voice_call_id="robo_1",
        placed_at=NOW,
    )
    return replace(made, **changes)


def attempt(**changes: Any) -> Attempt:
    """The newest attempt of that call."""
    made = Attempt(
        id=70,
        call_id=7,
        attempt_no=1,
        token=b"t" * 16,
        phone_number=NUMBER,
        state=AttemptState.PLACED,
        claimed_at=NOW,
        sending_at=NOW,
        settled_at=NOW,
        voice_call_id="robo_1",
    )
    return replace(made, **changes)
