"""Slowing down when the voice service cannot be reached or turns us all away.

One refusal that is about us (key, credit, too many requests, no connection) is about every
waiting call: nothing is dialled until the brake is off, and then one call goes first to
see whether it holds again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST = timedelta(seconds=2)
AT_MOST = timedelta(minutes=5)
LONGEST = timedelta(hours=1)
"""No wait is longer, whatever the service asks for or however the clock jumps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Brake:
    """How often in a row it went wrong, why, and until when to wait."""

    failures: int = 0
    reason: str = ""
    until: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether nothing may be dialled now."""
        return self.until is not None and now < self.until <= now + LONGEST

    @property
    def is_probing(self) -> bool:
        """Whether the next call goes alone."""
        return self.failures > 0


RELEASED = Brake()


def pulled(brake: Brake, *, reason: str, now: datetime, wait: timedelta | None = None) -> Brake:
    """The brake after one more failure: waits `wait`, or twice as long each time.

    Calls that were under way together fail together; they count as one failure.
    """
    if brake.holds(now):
        until = max(brake.until or now, now + (wait or timedelta()))
        return Brake(failures=brake.failures, reason=reason, until=until)
    backoff = min(FIRST * (1 << min(brake.failures, 10)), AT_MOST)
    return Brake(failures=brake.failures + 1, reason=reason, until=now + (wait or backoff))
