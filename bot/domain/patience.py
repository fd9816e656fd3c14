"""How long silence is normal, and when to ask (fault-catalogue 3.5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.call import CallRequest
from bot.domain.script import estimated_seconds, spoken_text

RING = timedelta(seconds=60)
MARGIN = timedelta(minutes=2)
AT_LEAST = timedelta(minutes=3)
GIVE_UP_AFTER = timedelta(hours=24)

POLL_FIRST = timedelta(seconds=2)
POLL_AT_MOST = timedelta(seconds=30)


def silence(request: CallRequest, *, now: datetime, starts_at: datetime | None) -> timedelta:
    """How long no news is no reason to worry: the wait for a line, ringing, speaking, and some."""
    waits = max((starts_at or now) - now, timedelta())
    spoken = estimated_seconds(spoken_text(request.message, request.variables))
    return max(AT_LEAST, waits + RING + timedelta(seconds=spoken) + MARGIN)


def next_check(
    request: CallRequest,
    *,
    now: datetime,
    starts_at: datetime | None,
    checks: int,
    is_listening: bool,
) -> datetime:
    """When to ask about a placed call, having asked `checks` times.

    With webhooks: only when silence lasts, then twice as long each time. Without them
    asking is all we have: soon after it starts, then half as long again each time.
    """
    if is_listening:
        return now + silence(request, now=now, starts_at=starts_at) * (1 << min(checks, 12))
    begin = max(starts_at or now, now)
    return begin + min(POLL_FIRST * 1.5 ** min(checks, 20), POLL_AT_MOST)
