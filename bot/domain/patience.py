"""How long silence is normal, and when to ask (fault-catalogue 3.5)."""

from __future__ import annotations

from datetime import datetime, timedelta

RING = timedelta(seconds=60)
MARGIN = timedelta(minutes=2)
AT_LEAST = timedelta(minutes=3)
GIVE_UP_AFTER = timedelta(hours=24)

POLL_FIRST = timedelta(seconds=2)
POLL_AT_MOST = timedelta(seconds=30)

_CHARACTERS_PER_SECOND = 14


def spoken_length(message: str) -> timedelta:
    """About how long a text takes to be spoken."""
    return timedelta(seconds=len(message) / _CHARACTERS_PER_SECOND)


def silence(*, now: datetime, starts_at: datetime | None, message: str) -> timedelta:
    """How long no news is no reason to worry: the wait for a line, ringing, speaking, and some."""
    waits = max((starts_at or now) - now, timedelta())
    return max(AT_LEAST, waits + RING + spoken_length(message) + MARGIN)


def next_check(
    *, now: datetime, starts_at: datetime | None, message: str, checks: int, is_listening: bool
) -> datetime:
    """When to ask about a placed call, having asked `checks` times.

    With webhooks: only when silence lasts, then twice as long each time. Without them
    asking is all we have: soon after it starts, then half as long again each time.
    """
    if is_listening:
        return now + silence(now=now, starts_at=starts_at, message=message) * (1 << min(checks, 12))
    begin = max(starts_at or now, now)
    return begin + min(POLL_FIRST * 1.5 ** min(checks, 20), POLL_AT_MOST)
