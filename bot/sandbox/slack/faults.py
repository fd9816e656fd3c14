"""Faults for tests: what the next calls of a Web API method do instead of working."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One misbehaviour of Slack.

    `status` answers with that HTTP status (429 with `retry_after`), `error` with `ok: false`;
    `drops` cuts the connection and `hangs` never answers. With `accepts` the call has its effect
    first, and only then goes wrong.
    """

    status: int = 0
    retry_after: int = 1
    error: str = ""
    drops: bool = False
    hangs: bool = False
    accepts: bool = False

    @classmethod
    def rate_limited(cls, retry_after: int = 1) -> Fault:
        """HTTP 429 with that `Retry-After`."""
        return cls(status=429, retry_after=retry_after)

    @classmethod
    def server_error(cls, status: int = 500, *, accepts: bool = False) -> Fault:
        """A 5xx, perhaps after the call had its effect."""
        return cls(status=status, accepts=accepts)

    @classmethod
    def refused(cls, error: str) -> Fault:
        """`ok: false` with that error."""
        return cls(error=error)

    @classmethod
    def accepted_then_dropped(cls) -> Fault:
        """The call has its effect, and the connection is cut before the answer."""
        return cls(drops=True, accepts=True)

    @classmethod
    def hang(cls) -> Fault:
        """No answer for as long as the server lives."""
        return cls(hangs=True)


class Faults:
    """Scripted faults by method; nothing goes wrong unless it was asked for."""

    def __init__(self) -> None:
        """No faults."""
        self._next: dict[str, deque[Fault]] = {}

    def plan(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next `times` calls of a method go wrong."""
        self._next.setdefault(method, deque()).extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """The fault of this call, if one is planned."""
        planned = self._next.get(method)
        return planned.popleft() if planned else None
