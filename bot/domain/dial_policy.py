"""How many calls may be dialled now, under the plan's two limits and after a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(seconds=60)

LATEST = timedelta(seconds=20)
"""A request whose answer is out counts as seen by then at the latest (the client's deadline).
A time further ahead is from before the clock was set back, and would hold up everything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanLimits:
    """The plan of the voice service (voice-api.txt "Rate Limits")."""

    calls_per_minute: int = 10
    concurrent_calls: int = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """How many may be dialled now; if none, why, and when to look again (None: on news)."""

    calls: int
    reason: str = ""
    look_again_at: datetime | None = None


def allowance(
    limits: PlanLimits, *, recent: Sequence[datetime], outstanding: int, now: datetime
) -> Allowance:
    """What the plan allows at `now`.

    `recent` are the times of the last minute's requests, oldest first, each taken when
    the service had surely seen it, so that its window and ours cannot disagree.
    `outstanding` are the calls that hold a line.
    """
    used = [at for at in recent if now - WINDOW < at <= now + LATEST]
    free_rate = limits.calls_per_minute - len(used)
    free_lines = limits.concurrent_calls - outstanding
    if free_rate <= 0:
        oldest_that_must_go = used[len(used) - limits.calls_per_minute]
        reason = f"the plan allows {_calls(limits.calls_per_minute)} a minute"
        return Allowance(calls=0, reason=reason, look_again_at=oldest_that_must_go + WINDOW)
    if free_lines <= 0:
        reason = f"the plan allows {_calls(limits.concurrent_calls)} at once"
        return Allowance(calls=0, reason=reason)
    return Allowance(calls=min(free_rate, free_lines))


def _calls(number: int) -> str:
    return "1 call" if number == 1 else f"{number} calls"
