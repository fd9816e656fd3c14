"""What a person does with a ringing or answered phone, on its way to the line."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.clock import Clock, within
from bot.sandbox.voice_api.models import Status


class Deed(StrEnum):
    """The four things one can do with a phone."""

    ANSWER = "answer"
    PRESS = "press"
    HANG_UP = "hang_up"
    REJECT = "reject"


# In which states of the call each deed can be done.
POSSIBLE = {
    Deed.ANSWER: frozenset({Status.RINGING}),
    Deed.REJECT: frozenset({Status.RINGING}),
    Deed.PRESS: frozenset({Status.IN_PROGRESS}),
    Deed.HANG_UP: frozenset({Status.RINGING, Status.IN_PROGRESS}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One deed; `digit` is the key of a press."""

    deed: Deed
    digit: str = ""


class Acts:
    """Acts that wait for the line, which takes them one by one.

    Whoever does something is told when it has had its effect: when the line asks for the next act.
    """

    def __init__(self, clock: Clock) -> None:
        """Wait on that clock."""
        self._clock = clock
        self._waiting: deque[tuple[Act, asyncio.Future[None]]] = deque()
        self._arrived = asyncio.Event()
        self._in_hand: asyncio.Future[None] | None = None

    async def do(self, act: Act) -> None:
        """Hand the act to the line and wait until it has had its effect, if it still could."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((act, done))
        self._arrived.set()
        await done

    async def next(self, seconds: float) -> Act | None:
        """The next act, or None when nobody does anything for that long."""
        self._done_with(self._in_hand)
        self._in_hand = None
        if not self._waiting:
            self._arrived.clear()
            await within(self._clock, self._arrived.wait(), seconds)
        if not self._waiting:
            return None
        act, self._in_hand = self._waiting.popleft()
        return act

    def close(self) -> None:
        """The try is over: nothing that still waits can have an effect."""
        self._done_with(self._in_hand)
        for _, done in self._waiting:
            self._done_with(done)
        self._waiting.clear()

    @staticmethod
    def _done_with(done: asyncio.Future[None] | None) -> None:
        if done is not None and not done.done():
            done.set_result(None)
