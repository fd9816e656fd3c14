"""What one POST to the voice service told us: a value, never an exception.

The four cases are those of fault-catalogue 3.3. Only `NotSent` and a temporary `Rejected`
are ever dialled again without a person or a rule that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """The service accepted the call and named it."""

    voice_call_id: str
    message: str = ""
    scheduled_at: datetime | None = None
    estimated_start: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotSent:
    """No byte of the request left us: dial again after a while."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """The service read the request and said no.

    `pauses_all`: the reason is ours, not this call's (key, credit, address, too many
    requests), so every call waits `retry_after` and this one is dialled again.
    Otherwise it is about this call and final.
    """

    reason: str
    status: int
    pauses_all: bool = False
    retry_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """The answer was lost or made no sense: the phone may ring."""

    reason: str


PlaceOutcome = Placed | NotSent | Rejected | Unknown
