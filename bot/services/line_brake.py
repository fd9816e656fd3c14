"""What the outcomes of dialling say about the voice service as a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.brake import RELEASED, Brake, pulled
from bot.domain.outcome import NotSent, Placed, PlaceOutcome, Rejected

TOO_MANY_REQUESTS = 429


class LineBrake:
    """Holds everybody back while the service cannot be reached or turns us away.

    In memory only: after a restart the first call finds out anew.
    """

    def __init__(self) -> None:
        self.brake: Brake = RELEASED
        self._turned_away_at: dict[int, datetime] = {}
        self._got_through_at: datetime | None = None

    def judged(self, call_id: int, outcome: PlaceOutcome, *, now: datetime) -> PlaceOutcome:
        """The outcome as it concerns this call.

        A call that is turned away twice, while another one got through in between, is refused
        by itself: what looked like a matter of the key or the address is about this call.
        """
        if isinstance(outcome, Placed):
            self._got_through_at = now
        if not isinstance(outcome, Rejected) or not outcome.pauses_all:
            self._turned_away_at.pop(call_id, None)
            return outcome
        if outcome.status == TOO_MANY_REQUESTS:
            return outcome
        first = self._turned_away_at.setdefault(call_id, now)
        if self._got_through_at is None or self._got_through_at <= first:
            return outcome
        del self._turned_away_at[call_id]
        return replace(outcome, pauses_all=False)

    def note(self, outcome: PlaceOutcome, *, now: datetime) -> None:
        """Pull or release it. A request that left before it was pulled proves nothing now."""
        match outcome:
            case NotSent(reason=reason):
                self.brake = pulled(self.brake, reason=reason, now=now)
            case Rejected(pauses_all=True, reason=reason, retry_after=wait):
                self.brake = pulled(self.brake, reason=reason, now=now, wait=wait)
            case _:
                self.brake = self.brake if self.brake.holds(now) else RELEASED
