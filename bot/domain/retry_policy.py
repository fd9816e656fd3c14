"""Whether and when a call is dialled again after it ended without success."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.call import Call


@dataclass(frozen=True, kw_only=True, slots=True)
class RetryAt:
    """Dial again at this time."""

    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class GiveUp:
    """This was the last try."""


def retry_decision(call: Call, *, result: str, goal_met: bool, now: datetime) -> RetryAt | GiveUp:
    """What the sender's own rule says after an attempt ended with `result`.

    The wait counts from the end of the attempt (features.md 2), a cancelled call is never
    dialled again, and reaching the goal stops everything.
    """
    if goal_met or call.cancel_requested_at is not None or call.retries_left <= 0:
        return GiveUp()
    if result not in call.request.retry_on:
        return GiveUp()
    return RetryAt(at=now + call.request.retry_delay)
