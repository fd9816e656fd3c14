"""What one piece of news from the line means for a call: pure, told in one step.

News comes in any order, any number of times, late, or about an earlier attempt. The rule:
a call only moves forward, an attempt only learns, and whatever does not move anything is
still kept in the log.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.call import DEFAULT_EXPIRY, Attempt, AttemptState, Call, goal_is_met
from bot.domain.call_state import CallEvent, CallState, can_happen, next_state
from bot.domain.late_news import (
    about_an_earlier_try,
    answered_late,
    completed_late,
    is_about_an_earlier_try,
    should_not_ring,
)
from bot.domain.result import RETRYABLE, Result
from bot.domain.retry_policy import RetryAt, retry_decision
from bot.domain.step import News, Step, ended, unseen
from bot.domain.timeline import EventName
from bot.domain.voice_event import CallStatus, VoiceEvent, VoiceEventKind


def expand(event: VoiceEvent, attempt: Attempt) -> list[VoiceEvent]:
    """A completed event that names keys nobody told us of is two pieces of news."""
    new = unseen(event.digit, attempt)
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


def news_step(news: News) -> Step:
    """What this news means for the call."""
    if news.event.kind is VoiceEventKind.OTHER:
        return _other(news)
    if is_about_an_earlier_try(news):
        return about_an_earlier_try(news)
    if news.event.kind is VoiceEventKind.ANSWERED:
        return _answered(news)
    if news.event.kind is VoiceEventKind.KEY_PRESSED:
        return _key_pressed(news)
    return _completed(news)


def _other(news: News) -> Step:
    """A word the contract does not have; if it names a call we were not sure of, it proves it."""
    call = news.call
    is_news = news.event.voice_call_id and call.attempt_id == news.attempt.id
    if is_news and call.state is CallState.UNCONFIRMED:
        return Step(
            name=EventName.ACCEPTED,
            detail=_told_of(news),
            is_told=True,
            call=_moved(call, CallEvent.PLACED),
            attempt=news.proof(),
        )
    return Step(name=EventName.OTHER, detail={"word": news.event.word})


def _told_of(news: News) -> dict[str, Any]:
    """Which attempt, and whether this answers a "not sure"."""
    settles = {"settles": True} if news.call.state is CallState.UNCONFIRMED else {}
    return {"attempt_no": news.attempt.attempt_no, **settles}


def _moved(call: Call, event: CallEvent) -> dict[str, Any]:
    return {"state": next_state(call.state, event), "wait_reason": None, "held_at": None}


def _answered_at(news: News) -> dict[str, Any]:
    return {} if news.call.answered_at else {"answered_at": news.now}


def _counted(news: News) -> dict[str, Any]:
    """A request that was turned away, and yet rang, counts after all."""
    was_turned_away = news.attempt.state is AttemptState.REJECTED
    return {"attempts": news.call.attempts + 1} if was_turned_away else {}


def _answered(news: News) -> Step:
    call = news.call
    if should_not_ring(call):
        return answered_late(news)
    is_seen = news.attempt.state is AttemptState.DONE or call.state is CallState.IN_PROGRESS
    if is_seen or not can_happen(call.state, CallEvent.ANSWERED):
        return Step(name=EventName.ANSWERED, detail=_told_of(news), call=_answered_at(news))
    moved = _moved(call, CallEvent.ANSWERED)
    return Step(
        name=EventName.ANSWERED,
        detail=_told_of(news),
        is_told=True,
        call={**moved, **_answered_at(news), **_counted(news)},
        attempt=news.proof(),
    )


def _key_pressed(news: News) -> Step:
    call, attempt, new = news.call, news.attempt, news.new_digits
    if not new:
        detail = news.key_words(news.event.digit or "")
        return Step(name=EventName.KEY_PRESSED, detail=detail)
    digits = attempt.digits + new
    changes: dict[str, Any] = {"digits": digits, **_answered_at(news)}
    if goal_is_met(call.request.goal, digits=digits, result=call.result):
        changes |= {"goal_met": True}
    is_over = attempt.state is AttemptState.DONE
    if is_over and changes.get("goal_met") and can_happen(call.state, CallEvent.COMPLETED):
        changes |= ended(
            call, CallEvent.COMPLETED, result=Result.ANSWERED, now=news.now, goal_met=True
        )
    if not is_over and can_happen(call.state, CallEvent.KEY_PRESSED):
        changes |= {**_moved(call, CallEvent.KEY_PRESSED), **_counted(news)}
    return Step(
        name=EventName.KEY_PRESSED,
        detail={**news.key_words(new), **_told_of(news)},
        is_told=True,
        call=changes,
        attempt={"digits": digits, **news.proof()},
    )


def _completed(news: News) -> Step:
    call, attempt = news.call, news.attempt
    result = news.event.result or Result.UNKNOWN
    if attempt.state is AttemptState.DONE or call.state is CallState.ENDED:
        return completed_late(news, result=result)
    goal_met = bool(call.goal_met) or goal_is_met(
        call.request.goal, digits=attempt.digits, result=result
    )
    if _may_ring_again(news, result=result, goal_met=goal_met):
        again = {**news.proof(), "completions": attempt.completions + 1, "next_check_at": news.now}
        was_in_doubt = can_happen(call.state, CallEvent.PLACED)
        return Step(
            name=EventName.RINGS_AGAIN,
            detail={"result": result},
            call=_moved(call, CallEvent.PLACED) if was_in_doubt else {},
            attempt=again,
        )
    detail = {"result": result, "duration": news.event.duration, **_told_of(news)}
    if not news.deployment.service_retries:  # one owner of retries, never two
        decision = retry_decision(call, result=result, goal_met=goal_met, now=news.now)
        if isinstance(decision, RetryAt):
            return _retry(news, at=decision.at, result=result, detail=detail)
    over = ended(call, CallEvent.COMPLETED, result=result, now=news.now, goal_met=goal_met)
    return Step(
        name=EventName.COMPLETED,
        detail={**detail, "goal_met": goal_met},
        is_told=True,
        call={**over, "duration": news.event.duration, **_counted(news)},
        attempt=news.closed(result=result),
    )


def _may_ring_again(news: News, *, result: str, goal_met: bool) -> bool:
    """Whether the voice service redials by itself, so that this end is perhaps not the last.

    Only a look-up then says that it is over.
    """
    if news.is_look_up or goal_met or not news.deployment.service_retries:
        return False
    return result in RETRYABLE and news.attempt.completions < news.call.retries_left


def _retry(news: News, *, at: datetime, result: str, detail: dict[str, Any]) -> Step:
    left = news.call.retries_left - 1
    waits = {
        **_moved(news.call, CallEvent.RETRY_SET),
        "wait_reason": "retry",
        "due_at": at,
        "expires_at": at + DEFAULT_EXPIRY,
        "retries_left": left,
        **_counted(news),
    }
    return Step(
        name=EventName.RETRY_SCHEDULED,
        detail={**detail, "retry_at": at.isoformat(), "retries_left": left},
        is_told=True,
        call=waits,
        attempt=news.closed(result=result),
    )
