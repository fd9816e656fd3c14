"""What one POST told us, written down: the attempt, the call, the log, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from bot.domain.call import Attempt, AttemptState, Call
from bot.domain.call_state import CallEvent, CallState, can_happen, next_state
from bot.domain.deployment import Deployment
from bot.domain.outcome import NotSent, Placed, PlaceOutcome, Rejected, Unknown
from bot.domain.patience import next_check, silence
from bot.domain.result import Result
from bot.domain.step import ended
from bot.domain.timeline import EventName
from bot.domain.voice_event import Source
from bot.ports import Transaction
from bot.services.timeline import tell

CLAIM_LASTS = timedelta(seconds=60)
"""A claim that is older by the first byte is from before the machine slept (catalogue P5)."""


class AttemptWithdrawn(Exception):
    """The call was stopped, or taken back, before the first byte left."""


def mark_sending(tx: Transaction, attempt_id: int, *, now: datetime) -> None:
    """The late mark (fault-catalogue 3.2 step 5): from here on we cannot know.

    Raises AttemptWithdrawn, and no byte leaves, if the call is no longer wanted.
    """
    attempt = tx.attempt(attempt_id)
    call = tx.call(attempt.call_id) if attempt else None
    if attempt is None or call is None:
        raise AttemptWithdrawn("the call is gone")
    is_ours = attempt.state is AttemptState.CLAIMED and call.attempt_id == attempt.id
    if not is_ours or call.state is not CallState.DIALING or call.is_cancelling:
        raise AttemptWithdrawn("the call was stopped")
    if now >= call.expires_at or now - attempt.claimed_at > CLAIM_LASTS:
        raise AttemptWithdrawn("this machine was asleep")
    tx.update_attempt(attempt_id, state=AttemptState.SENDING, sending_at=now)
    tx.update_call(call.id, attempts=call.attempts + 1)


def settle(
    tx: Transaction,
    attempt_id: int,
    outcome: PlaceOutcome,
    *,
    now: datetime,
    deployment: Deployment,
) -> None:
    """Write down the outcome of the POST of an attempt."""
    attempt = tx.attempt(attempt_id)
    call = tx.call(attempt.call_id) if attempt else None
    if attempt is None or call is None:
        return
    ending = _Ending(tx=tx, call=call, attempt=attempt, now=now, deployment=deployment)
    if _is_proven(attempt) and not isinstance(outcome, Placed):
        # news came before the answer was lost, or contradicts it: it was placed
        if not attempt.voice_call_id:
            tx.update_attempt(attempt.id, settled_at=now)
            return
        outcome = Placed(voice_call_id=attempt.voice_call_id)
    match outcome:
        case Placed():
            ending.placed(outcome)
        case NotSent() | Rejected(pauses_all=True):
            ending.put_back(outcome.reason)
        case Rejected():
            ending.refused(outcome)
        case Unknown():
            ending.lost(outcome)
        case _:
            assert_never(outcome)


def _is_proven(attempt: Attempt) -> bool:
    """Whether the line has told of it before the answer came; a key's news names no id."""
    told_of = (AttemptState.PLACED, AttemptState.DONE)
    return attempt.voice_call_id is not None or attempt.state in told_of


def cancel_now(
    tx: Transaction,
    call: Call,
    *,
    by: str,
    now: datetime,
    source: Source,
    said: str | None = None,
    **more: Any,
) -> None:
    """The call is over because a person stopped it."""
    over = ended(call, CallEvent.CANCELLED, result=Result.CANCELLED, now=now)
    tx.update_call(call.id, **over, **more)
    tell(tx, call.id, EventName.CANCELLED, now=now, source=source, by=by, said=said)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ending:
    """The end of one POST; what is no longer the newest attempt only learns about itself."""

    tx: Transaction
    call: Call
    attempt: Attempt
    now: datetime
    deployment: Deployment

    def placed(self, outcome: Placed) -> None:
        """The voice service has it."""
        kept_until = outcome.scheduled_at or self._handed_over_for
        self._attempt_placed(outcome, starts_at=kept_until or outcome.estimated_start)
        if not self._is_newest:
            return
        is_first_news = can_happen(self.call.state, CallEvent.PLACED)
        moved: dict[str, Any] = {"placed_at": self.now, "held_at": None}
        if is_first_news:
            moved |= {"state": next_state(self.call.state, CallEvent.PLACED), "wait_reason": None}
        if self.call.voice_call_id is None:
            moved |= {"voice_call_id": outcome.voice_call_id}
        if kept_until:
            moved |= {"due_at": kept_until}
        self.tx.update_call(self.call.id, **moved)
        self._tell(
            EventName.ACCEPTED,
            is_quiet=not is_first_news,
            attempt_no=self.attempt.attempt_no,
            message=outcome.message,
            starts_at=_text(outcome.estimated_start),
            scheduled_at=_text(kept_until),
        )

    def _attempt_placed(self, outcome: Placed, *, starts_at: datetime | None) -> None:
        changes: dict[str, Any] = {"settled_at": self.now, "starts_at": starts_at}
        if self.attempt.state is not AttemptState.DONE:
            check_at = next_check(
                self.call.request,
                now=self.now,
                starts_at=starts_at,
                checks=0,
                is_listening=self.deployment.is_listening,
            )
            changes |= {"state": AttemptState.PLACED, "next_check_at": check_at}
        if self.attempt.voice_call_id is None:
            changes |= {"voice_call_id": outcome.voice_call_id}
        self.tx.update_attempt(self.attempt.id, **changes)

    def put_back(self, reason: str) -> None:
        """Surely not dialled: it does not count, and is tried again behind those that wait."""
        self._attempt_rejected(reason)
        if not self._can(CallEvent.PUT_BACK):
            return
        counted = self.call.attempts - (1 if self.attempt.sending_at else 0)
        if self.call.is_cancelling:
            by = self.call.cancel_requested_by or ""
            cancel_now(self.tx, self.call, by=by, now=self.now, source=Source.BOT, attempts=counted)
            return
        self.tx.update_call(
            self.call.id,
            state=next_state(self.call.state, CallEvent.PUT_BACK),
            due_at=self.now,
            attempts=counted,
            wait_reason=reason,
            held_at=None,
        )
        is_news = self.call.wait_reason != reason
        self._tell(EventName.PUT_BACK, is_quiet=not is_news, reason=reason)

    def refused(self, outcome: Rejected) -> None:
        """The voice service will not make this call."""
        self._attempt_rejected(outcome.reason, result=Result.REFUSED)
        if not self._can(CallEvent.REFUSED):
            return
        over = ended(self.call, CallEvent.REFUSED, result=Result.REFUSED, now=self.now)
        self.tx.update_call(self.call.id, **over)
        self._tell(EventName.REFUSED, reason=outcome.reason, status=outcome.status)

    def lost(self, outcome: Unknown) -> None:
        """Nobody can tell whether it was placed: say so, do not call again, listen for news."""
        starts_at = self._handed_over_for
        wait = silence(self.call.request, now=self.now, starts_at=starts_at)
        news_until = self.now + wait if self.deployment.is_listening else None
        self.tx.update_attempt(
            self.attempt.id,
            state=AttemptState.UNKNOWN,
            settled_at=self.now,
            starts_at=starts_at,
            detail=outcome.reason,
            next_check_at=news_until,
        )
        if not self._can(CallEvent.LOST):
            return
        self.tx.update_call(
            self.call.id,
            state=next_state(self.call.state, CallEvent.LOST),
            wait_reason=None,
            held_at=None if self.deployment.is_listening else self.now,
        )
        self._tell(
            EventName.UNCONFIRMED,
            reason=outcome.reason,
            attempt_no=self.attempt.attempt_no,
            asked_at=(self.attempt.sending_at or self.now).isoformat(),
            news_until=_text(news_until),
        )
        if self.call.is_cancelling:
            by = self.call.cancel_requested_by
            self._tell(EventName.CANCEL_FAILED, by=by, why="no_id")

    # --- pieces ------------------------------------------------------------------------

    @property
    def _is_newest(self) -> bool:
        return self.attempt.id == self.call.attempt_id

    @property
    def _handed_over_for(self) -> datetime | None:
        """When the voice service was asked to ring, where it holds the schedule."""
        due_at = self.call.request.due_at
        is_later = due_at is not None and due_at > self.now
        return due_at if self.deployment.service_schedules and is_later else None

    def _can(self, event: CallEvent) -> bool:
        return self._is_newest and can_happen(self.call.state, event)

    def _attempt_rejected(self, reason: str, *, result: Result | None = None) -> None:
        self.tx.update_attempt(
            self.attempt.id,
            state=AttemptState.REJECTED,
            settled_at=self.now,
            result=result,
            detail=reason,
            next_check_at=None,
        )

    def _tell(self, name: EventName, *, is_quiet: bool = False, **detail: Any) -> None:
        tell(
            self.tx,
            self.call.id,
            name,
            now=self.now,
            attempt_id=self.attempt.id,
            is_quiet=is_quiet,
            **detail,
        )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
