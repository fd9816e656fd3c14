"""What one POST told us, written down: the attempt, the call, the log, in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call
from bot.domain.call_state import CallEvent, CallState, can_happen, next_state
from bot.domain.deployment import Deployment
from bot.domain.outcome import NotSent, Placed, PlaceOutcome, Rejected, Unknown
from bot.domain.patience import next_check, silence
from bot.domain.result import Result
from bot.domain.timeline import EventName
from bot.ports import Transaction
from bot.services.timeline import tell


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
    match outcome:
        case Placed():
            _placed(tx, call, attempt, outcome, now=now, deployment=deployment)
        case NotSent() | Rejected(pauses_all=True):
            _put_back(tx, call, attempt, reason=outcome.reason, now=now)
        case Rejected():
            _refused(tx, call, attempt, outcome, now=now)
        case Unknown() if attempt.voice_call_id:
            # news came before the answer was lost: we do know that it was placed
            known = Placed(voice_call_id=attempt.voice_call_id)
            _placed(tx, call, attempt, known, now=now, deployment=deployment)
        case Unknown():
            _lost(tx, call, attempt, outcome, now=now, deployment=deployment)


def _placed(
    tx: Transaction,
    call: Call,
    attempt: Attempt,
    outcome: Placed,
    *,
    now: datetime,
    deployment: Deployment,
) -> None:
    starts_at = outcome.scheduled_at or outcome.estimated_start
    check_at = next_check(
        now=now,
        starts_at=starts_at,
        message=call.request.message,
        checks=0,
        is_listening=deployment.is_listening,
    )
    changes: dict[str, Any] = {"settled_at": now, "starts_at": starts_at}
    if attempt.state is not AttemptState.DONE:
        changes |= {"state": AttemptState.PLACED, "next_check_at": check_at}
    if attempt.voice_call_id is None:
        changes |= {"voice_call_id": outcome.voice_call_id}
    tx.update_attempt(attempt.id, **changes)
    if attempt.id != call.attempt_id:
        return
    is_first_news = can_happen(call.state, CallEvent.PLACED)
    moved: dict[str, Any] = {"placed_at": now}
    if is_first_news:
        moved |= {"state": next_state(call.state, CallEvent.PLACED), "wait_reason": None}
    if call.voice_call_id is None:
        moved |= {"voice_call_id": outcome.voice_call_id}
    if outcome.scheduled_at:
        moved |= {"due_at": outcome.scheduled_at}
    tx.update_call(call.id, **moved)
    tell(
        tx,
        call.id,
        EventName.ACCEPTED,
        now=now,
        attempt_id=attempt.id,
        is_quiet=not is_first_news,
        attempt_no=attempt.attempt_no,
        message=outcome.message,
        starts_at=_text(outcome.estimated_start),
        scheduled_at=_text(outcome.scheduled_at),
    )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _put_back(tx: Transaction, call: Call, attempt: Attempt, *, reason: str, now: datetime) -> None:
    """Surely not dialled: it does not count, and is tried again by itself."""
    tx.update_attempt(
        attempt.id, state=AttemptState.REJECTED, settled_at=now, detail=reason, next_check_at=None
    )
    if attempt.id != call.attempt_id or call.state is not CallState.DIALING:
        return
    counted = call.attempts - (1 if attempt.sending_at else 0)
    if call.is_cancelling:
        cancel_now(tx, call, by=call.cancel_requested_by or "", now=now, attempts=counted)
        return
    tx.update_call(
        call.id,
        state=next_state(call.state, CallEvent.PUT_BACK),
        attempts=counted,
        wait_reason=reason,
    )
    is_news = call.wait_reason != reason
    tell(
        tx,
        call.id,
        EventName.PUT_BACK,
        now=now,
        attempt_id=attempt.id,
        is_quiet=not is_news,
        reason=reason,
    )


def cancel_now(
    tx: Transaction, call: Call, *, by: str, now: datetime, said: str | None = None, **more: Any
) -> None:
    """The call is over because a person stopped it."""
    tx.update_call(
        call.id,
        state=next_state(call.state, CallEvent.CANCELLED),
        result=Result.CANCELLED,
        wait_reason=None,
        held_at=None,
        goal_met=call.goal_met or False,
        ended_at=now,
        **more,
    )
    tell(tx, call.id, EventName.CANCELLED, now=now, by=by, said=said)


def _refused(
    tx: Transaction, call: Call, attempt: Attempt, outcome: Rejected, *, now: datetime
) -> None:
    tx.update_attempt(
        attempt.id,
        state=AttemptState.REJECTED,
        settled_at=now,
        result=Result.REFUSED,
        detail=outcome.reason,
        next_check_at=None,
    )
    if attempt.id != call.attempt_id or not can_happen(call.state, CallEvent.REFUSED):
        return
    tx.update_call(
        call.id,
        state=next_state(call.state, CallEvent.REFUSED),
        result=Result.REFUSED,
        wait_reason=None,
        goal_met=False,
        ended_at=now,
    )
    tell(
        tx,
        call.id,
        EventName.REFUSED,
        now=now,
        attempt_id=attempt.id,
        reason=outcome.reason,
        status=outcome.status,
    )


def _lost(
    tx: Transaction,
    call: Call,
    attempt: Attempt,
    outcome: Unknown,
    *,
    now: datetime,
    deployment: Deployment,
) -> None:
    """Nobody can tell whether it was placed: say so, do not call again, listen for news."""
    if attempt.state is AttemptState.DONE:
        return
    starts_at = call.request.due_at if deployment.service_schedules else None
    wait = silence(now=now, starts_at=starts_at, message=call.request.message)
    news_until = now + wait if deployment.is_listening else None
    tx.update_attempt(
        attempt.id,
        state=AttemptState.UNKNOWN,
        settled_at=now,
        starts_at=starts_at,
        detail=outcome.reason,
        next_check_at=news_until,
    )
    if attempt.id != call.attempt_id or not can_happen(call.state, CallEvent.LOST):
        return
    tx.update_call(
        call.id,
        state=next_state(call.state, CallEvent.LOST),
        wait_reason=None,
        held_at=None if deployment.is_listening else now,
    )
    tell(
        tx,
        call.id,
        EventName.UNCONFIRMED,
        now=now,
        attempt_id=attempt.id,
        reason=outcome.reason,
        attempt_no=attempt.attempt_no,
        asked_at=(attempt.sending_at or now).isoformat(),
        news_until=_text(news_until),
    )
