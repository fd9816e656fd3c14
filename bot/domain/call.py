"""What a call is: the request a person made, the call that comes of it, and its attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.call_state import CallState
from bot.domain.result import DEFAULT_RETRY_ON, Result

DEFAULT_RETRY_DELAY = timedelta(minutes=5)
DEFAULT_EXPIRY = timedelta(hours=1)
MAX_RETRIES = 3

GOAL_ANSWERED = "answered"
GOAL_ANY_KEY = "any_key"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyOption:
    """What one key of the callee's phone means: `1 Confirm: Your appointment is confirmed.`"""

    digit: str
    label: str
    reply: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallRequest:
    """What a person asked for, checked and complete; exactly one of `message`, `audio_url`.

    `phone_number` is E.164. `message` still has its `{{placeholders}}`; `variables` fill
    them. `due_at` None means now. `goal` is `answered`, `any_key` or one digit.
    `channel` is where the card goes.
    """

    phone_number: str
    requested_by: str
    channel: str
    message: str = ""
    audio_url: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    voice: str = ""
    language: str = ""
    caller_id: str = ""
    keys: tuple[KeyOption, ...] = ()
    due_at: datetime | None = None
    retries: int = 0
    retry_delay: timedelta = DEFAULT_RETRY_DELAY
    retry_on: frozenset[Result] = DEFAULT_RETRY_ON
    goal: str = GOAL_ANSWERED


@dataclass(frozen=True, kw_only=True, slots=True)
class ThreadRef:
    """Where a card stands in Slack: `ts` stays text, as Slack's numbers lose digits."""

    channel: str
    ts: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One recipient's whole story: the request, and where it stands now.

    `attempts` counts the requests to the voice service that may have rung the phone,
    `retries_left` what the sender's rule still allows, `attempt_id` is the newest attempt.
    `digits` are the keys pressed so far, in order. `duration` is in seconds.
    """

    id: int
    request: CallRequest
    state: CallState
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    result: str | None = None
    wait_reason: str | None = None
    digits: str = ""
    goal_met: bool | None = None
    attempts: int = 0
    retries_left: int = 0
    attempt_id: int | None = None
    voice_call_id: str | None = None
    duration: int | None = None
    card: ThreadRef | None = None
    placed_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    cancel_requested_by: str | None = None
    held_at: datetime | None = None

    @property
    def is_cancelling(self) -> bool:
        """Somebody asked to stop it and the answer is still out."""
        return self.cancel_requested_at is not None and self.state is not CallState.ENDED


class AttemptState(StrEnum):
    """Where one POST stands: claimed -> sending -> placed | rejected | unknown -> done."""

    CLAIMED = "claimed"  # ours to dial; no byte has left
    SENDING = "sending"  # marked just before the first byte
    PLACED = "placed"  # the service accepted and named its call
    REJECTED = "rejected"  # surely not placed
    UNKNOWN = "unknown"  # we cannot know
    DONE = "done"  # the line is closed, the result is known or given up


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try to reach one recipient: one POST with one token, ever.

    `token` is 16 random bytes (fault-catalogue 3.1), `digits` the keys pressed in this
    attempt, `completions` how many `completed` events came (more than one only when the
    service redials by itself), `starts_at` when the service means to ring.
    """

    id: int
    call_id: int
    attempt_no: int
    token: bytes
    phone_number: str
    state: AttemptState
    claimed_at: datetime
    sending_at: datetime | None = None
    settled_at: datetime | None = None
    starts_at: datetime | None = None
    next_check_at: datetime | None = None
    checks: int = 0
    completions: int = 0
    voice_call_id: str | None = None
    digits: str = ""
    result: str | None = None
    duration: int | None = None
    detail: str = ""


def goal_is_met(goal: str, *, digits: str, result: str | None) -> bool:
    """Whether what is known so far is what the sender counts as success."""
    if goal == GOAL_ANSWERED:
        return result == Result.ANSWERED
    if goal == GOAL_ANY_KEY:
        return digits != ""
    return goal in digits
