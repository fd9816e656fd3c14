"""Slack's rate limits: about one message a second per channel, and the tiers (slack-facts 4)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """How strictly to count. `message_burst` messages may come at once in a channel."""

    message_burst: int = 4
    messages_per_second: float = 1.0
    counts_tiers: bool = True

    @classmethod
    def strict(cls) -> RateLimits:
        """Not even a short burst: the second message within a second is refused."""
        return cls(message_burst=1)


TIERS = {1: 6, 2: 20, 3: 50, 4: 100}
"""Calls a minute per method. Tier 1 is documented as "1+": reconnecting a few times must work."""


class Limiter:
    """Counts calls; says how many seconds too early one comes."""

    def __init__(self, limits: RateLimits) -> None:
        """Nothing counted yet."""
        self._limits = limits
        self._messages: dict[str, tuple[float, datetime]] = {}
        self._calls: dict[str, list[datetime]] = {}

    def seconds_to_wait_for_message(self, channel_id: str, now: datetime) -> int:
        """Zero counts the message in; otherwise it is refused and not counted."""
        limits = self._limits
        burst = float(limits.message_burst)
        left, since = self._messages.get(channel_id, (burst, now))
        earned = (now - since).total_seconds() * limits.messages_per_second
        left = min(burst, left + earned)
        taken = left >= 1
        self._messages[channel_id] = (left - 1 if taken else left, now)
        return 0 if taken else max(1, math.ceil((1 - left) / limits.messages_per_second))

    def seconds_to_wait(self, method: str, tier: int, now: datetime) -> int:
        """The same for a method's tier; tier 0 is not limited."""
        if not self._limits.counts_tiers or tier not in TIERS:
            return 0
        calls = [at for at in self._calls.get(method, []) if now - at < _MINUTE]
        self._calls[method] = calls
        if len(calls) < TIERS[tier]:
            calls.append(now)
            return 0
        return max(1, math.ceil((_MINUTE - (now - calls[0])).total_seconds()))
