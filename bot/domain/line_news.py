"""What one piece of news from the line means for a call: pure, told in one step.

News comes in any order, any number of times, late, or about an earlier attempt. The rule:
a call only moves forward, an attempt only learns, and whatever does not move anything is
still kept in the log.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call, goal_is_met
from bot.domain.call_state import CallEvent, CallState, can_happen, next_state
from bot.domain.deployment import Deployment
from bot.domain.late_news import (
    about_an_earlier_attempt,
    completed_late,
    late_news,
    rang_although_stopped,
)
from bot.domain.result import RETRYABLE, Result
from bot.domain.retry_policy import RetryAt, retry_decision
from bot.domain.step import Step, closed_attempt, key_words, new_digits, proven
from bot.domain.timeline import EventName
from bot.domain.voice_event import CallStatus, VoiceEvent, VoiceEventKind


def expand(event: VoiceEvent, attempt: Attempt) -> list[VoiceEvent]:
    """A completed event that names keys nobody told us of is two pieces of news."""
    new = new_digits(event.digit, attempt)
    if event.kind is VoiceEventKind.COMPLETED and new:
        return [replace(event, kind=VoiceEventKind.KEY_PRESSED, digit=new), event]
    return [event]


def events_of_status(status: CallStatus) -> list[VoiceEvent]:
    """The answer to a look-up, told as the events that must have happened."""
    base = VoiceEvent(
        kind=VoiceEventKind.ANSWERED,
        word=status.status,
        raw=status.raw,
        voice_call_id=status.voice_call_id,
        phone_number=status.phone_number,
        at=status.started_at,
    )
    events = []
    if status.is_answered:
        events.append(base)
    if status.digits:
        events.append(replace(base, kind=VoiceEventKind.KEY_PRESSED, digit=status.digits))
    if status.is_over:
        over = replace(base, kind=VoiceEventKind.COMPLETED, at=status.ended_at)
        result = status.result or Result.UNKNOWN
        events.append(replace(over, result=result, duration=status.duration))
    return events


def news_step(
    call: Call,
    attempt: Attempt,
    event: VoiceEvent,
    *,
    now: datetime,
    deployment: Deployment,
    is_look_up: bool = False,
) -> Step:
    """What `event` about `attempt` means for `call`.

    Where the voice service redials by itself, a completed event may not be the last one;
    only a look-up then says that it is over.
    """
    if event.kind is VoiceEventKind.OTHER:
        return Step(name=EventName.OTHER, detail={"word": event.word})
    if attempt.id != call.attempt_id:
        return about_an_earlier_attempt(call, attempt, event)
    if event.kind is VoiceEventKind.ANSWERED:
        return _answered(call, attempt, now=now)
    if event.kind is VoiceEventKind.KEY_PRESSED:
        step = _key_pressed(call, attempt, event, now=now)
        return step if deployment.is_listening else _without_reply(step)
    is_final = is_look_up or not deployment.service_retries
    return _completed(call, attempt, event, now=now, is_final=is_final)


def _settles(call: Call) -> dict[str, Any]:
    """Said in the thread: this news answers a "not sure"."""
    return {"settles": True} if call.state is CallState.UNCONFIRMED else {}


def _answered(call: Call, attempt: Attempt, *, now: datetime) -> Step:
    detail = {"attempt_no": attempt.attempt_no, **_settles(call)}
    seen = attempt.state is AttemptState.DONE or call.state is CallState.IN_PROGRESS
    if seen or not can_happen(call.state, CallEvent.ANSWERED):
        if rang_although_stopped(call):
            return late_news(attempt, EventName.ANSWERED, rang_twice=False)
        return Step(name=EventName.ANSWERED, detail=detail, call=_answered_at(call, now))
    changes = {
        "state": next_state(call.state, CallEvent.ANSWERED),
        "wait_reason": None,
        "held_at": None,
        **_answered_at(call, now),
    }
    return Step(
        name=EventName.ANSWERED,
        detail=detail,
        is_told=True,
        call=changes,
        attempt=proven(attempt),
    )


def _answered_at(call: Call, now: datetime) -> dict[str, Any]:
    return {} if call.answered_at else {"answered_at": now}


def _key_pressed(call: Call, attempt: Attempt, event: VoiceEvent, *, now: datetime) -> Step:
    new = new_digits(event.digit, attempt)
    if not new:
        return Step(name=EventName.KEY_PRESSED, detail=key_words(call, event.digit or ""))
    digits = attempt.digits + new
    changes: dict[str, Any] = {"digits": digits, **_answered_at(call, now)}
    if goal_is_met(call.request.goal, digits=digits, result=call.result):
        changes |= {"goal_met": True}
        if call.state in (CallState.SCHEDULED, CallState.QUEUED):
            changes |= _ended(call, CallEvent.COMPLETED, result=Result.ANSWERED, now=now)
    if can_happen(call.state, CallEvent.KEY_PRESSED):
        changes |= {
            "state": next_state(call.state, CallEvent.KEY_PRESSED),
            "wait_reason": None,
            "held_at": None,
        }
    return Step(
        name=EventName.KEY_PRESSED,
        detail={**key_words(call, new), "attempt_no": attempt.attempt_no, **_settles(call)},
        is_told=True,
        call=changes,
        attempt={"digits": digits, **proven(attempt)},
    )


def _without_reply(step: Step) -> Step:
    """Without an address of ours the service has no action, so it spoke no reply."""
    return replace(step, detail={k: v for k, v in step.detail.items() if k != "reply"})


def _completed(
    call: Call, attempt: Attempt, event: VoiceEvent, *, now: datetime, is_final: bool
) -> Step:
    result = event.result or Result.UNKNOWN
    if attempt.state is AttemptState.DONE or call.state is CallState.ENDED:
        return completed_late(call, attempt, event, result=result)
    goal_met = goal_is_met(call.request.goal, digits=attempt.digits, result=result)
    if not is_final and _may_ring_again(call, attempt, result=result, goal_met=goal_met):
        again = {"completions": attempt.completions + 1, "next_check_at": now, **proven(attempt)}
        return Step(name=EventName.RINGS_AGAIN, detail={"result": result}, attempt=again)
    closed = closed_attempt(attempt, event, result=result)
    detail = {
        "result": result,
        "duration": event.duration,
        "attempt_no": attempt.attempt_no,
        **_settles(call),
    }
    decision = retry_decision(call, result=result, goal_met=goal_met, now=now)
    if isinstance(decision, RetryAt):
        left = call.retries_left - 1
        return Step(
            name=EventName.RETRY_SCHEDULED,
            detail={**detail, "retry_at": decision.at.isoformat(), "retries_left": left},
            is_told=True,
            call=_waits_for_retry(call, at=decision.at, retries_left=left),
            attempt=closed,
        )
    ended = _ended(call, CallEvent.COMPLETED, result=result, now=now)
    return Step(
        name=EventName.COMPLETED,
        detail={**detail, "goal_met": goal_met},
        is_told=True,
        call={**ended, "goal_met": goal_met, "duration": event.duration},
        attempt=closed,
    )


def _may_ring_again(call: Call, attempt: Attempt, *, result: str, goal_met: bool) -> bool:
    return not goal_met and result in RETRYABLE and attempt.completions < call.request.retries


def _ended(call: Call, event: CallEvent, *, result: str, now: datetime) -> dict[str, Any]:
    return {
        "state": next_state(call.state, event),
        "result": result,
        "wait_reason": None,
        "held_at": None,
        "ended_at": now,
    }


def _waits_for_retry(call: Call, *, at: datetime, retries_left: int) -> dict[str, Any]:
    return {
        "state": next_state(call.state, CallEvent.RETRY_SET),
        "wait_reason": "retry",
        "held_at": None,
        "due_at": at,
        "expires_at": at + (call.expires_at - call.due_at),
        "retries_left": retries_left,
    }
