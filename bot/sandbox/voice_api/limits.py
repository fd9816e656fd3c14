"""The limits of a plan: calls per minute, and calls at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

_WINDOW = timedelta(seconds=60)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a customer has paid for; None is no limit."""

    name: str
    calls_per_minute: int | None
    concurrent: int | None


FREE = Plan(name="free", calls_per_minute=10, concurrent=2)
PRO = Plan(name="pro", calls_per_minute=100, concurrent=20)
UNLIMITED = Plan(name="unlimited", calls_per_minute=None, concurrent=None)
PLANS = {plan.name: plan for plan in (FREE, PRO, UNLIMITED)}


class CallRate:
    """Counts accepted calls over a sliding minute."""

    def __init__(self, limit: int | None) -> None:
        """Allow `limit` calls a minute; None allows any number."""
        self._limit = limit
        self._accepted: deque[datetime] = deque()

    def wait(self, calls: int, now: datetime) -> float:
        """Seconds until that many more calls fit; 0 when they fit now.

        More calls than the limit never fit; the answer is then a whole minute.
        """
        if self._limit is None:
            return 0.0
        while self._accepted and self._accepted[0] <= now - _WINDOW:
            self._accepted.popleft()
        too_many = len(self._accepted) + calls - self._limit
        if too_many <= 0:
            return 0.0
        if too_many > len(self._accepted):
            return _WINDOW.total_seconds()
        return (self._accepted[too_many - 1] + _WINDOW - now).total_seconds()

    def count(self, calls: int, now: datetime) -> None:
        """Count calls that were accepted."""
        if self._limit is not None:
            self._accepted.extend([now] * calls)


class Slots:
    """Places on the line; who finds none waits in order of arrival.

    A slot belongs to a call_id, so that giving it back twice, or before it was taken, is harmless:
    a call may be cancelled at any moment.
    """

    def __init__(self, limit: int | None) -> None:
        """Have `limit` slots; None has any number."""
        self._limit = limit
        self._holders: set[str] = set()
        self._waiting: OrderedDict[str, asyncio.Future[None]] = OrderedDict()

    def free(self, calls: int) -> bool:
        """Whether that many slots can be taken at once."""
        return self._limit is None or len(self._holders) + calls <= self._limit

    def take(self, call_id: str) -> None:
        """Hold a slot from now on; ask `free` first."""
        self._holders.add(call_id)

    async def acquire(self, call_id: str) -> None:
        """Wait for a slot, unless this call holds one already."""
        if call_id in self._holders:
            return
        if self.free(1):
            self.take(call_id)
            return
        self._waiting[call_id] = asyncio.get_running_loop().create_future()
        await self._waiting[call_id]

    def release(self, call_id: str) -> None:
        """Give up the slot or the place in the queue; the next in line gets the slot."""
        self._holders.discard(call_id)
        self._waiting.pop(call_id, None)
        while self._waiting and self.free(1):
            next_id, granted = self._waiting.popitem(last=False)
            if not granted.done():  # else who waited has gone
                self.take(next_id)
                granted.set_result(None)
