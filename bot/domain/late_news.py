"""News that comes when a call is over for us, or about an attempt that is not the newest.

It moves the call no more, but for two things: true news replaces a result `unknown`, and a
goal that was met after all stops what is still to come. What would surprise somebody is
told; the rest is only logged.
"""

from __future__ import annotations

from typing import Any

from bot.domain.call import GOAL_ANSWERED, AttemptState, Call, goal_is_met
from bot.domain.call_state import CallEvent, CallState, next_state
from bot.domain.result import Result
from bot.domain.step import News, Step, ended
from bot.domain.timeline import EventName
from bot.domain.voice_event import VoiceEventKind

_SHOULD_NOT_RING = {
    Result.CANCELLED,
    Result.EXPIRED,
    Result.SUPPRESSED,
    Result.REFUSED,
    Result.UNKNOWN,
}


def should_not_ring(call: Call) -> bool:
    """Whether we had told people that this call did not, or may not, ring."""
    return call.state is CallState.ENDED and call.result in _SHOULD_NOT_RING


def is_about_an_earlier_try(news: News) -> bool:
    """Whether the call has gone on to another attempt, or waits for one.

    An attempt that was turned away is still the newest: news of it says that it was not. One
    that is done has been told of, and whatever comes after that is only late.
    """
    call, attempt = news.call, news.attempt
    waits = call.state in (CallState.SCHEDULED, CallState.QUEUED)
    is_passed_over = attempt.state in (AttemptState.UNKNOWN, AttemptState.PLACED)
    return attempt.id != call.attempt_id or (waits and is_passed_over)


def answered_late(news: News) -> Step:
    """Somebody picked up a call of which we had said that it would not ring."""
    return Step(
        name=EventName.LATE_NEWS,
        detail=_about(news, EventName.ANSWERED, rang_twice=False),
        is_told=True,
        attempt=news.proof(),
    )


def completed_late(news: News, *, result: str) -> Step:
    """The call is over for us already: correct an `unknown`, tell a surprise, else just log."""
    call = news.call
    detail = {
        "result": result,
        "duration": news.event.duration,
        "attempt_no": news.attempt.attempt_no,
    }
    if call.state is CallState.ENDED and call.result == Result.UNKNOWN != result:
        goal_met = goal_is_met(call.request.goal, digits=news.attempt.digits, result=result)
        return Step(
            name=EventName.CORRECTED,
            detail={**detail, "goal_met": goal_met},
            is_told=True,
            call={
                "state": next_state(call.state, CallEvent.CORRECTED),
                "result": result,
                "duration": news.event.duration,
                "goal_met": goal_met,
            },
            attempt=news.closed(result=result),
        )
    if should_not_ring(call) and call.result != result:
        return Step(
            name=EventName.LATE_NEWS,
            detail={**_about(news, EventName.COMPLETED, rang_twice=False), **detail},
            is_told=True,
            attempt=news.closed(result=result),
        )
    return Step(name=EventName.COMPLETED, detail=detail)


def about_an_earlier_try(news: News) -> Step:
    """It cannot move the call any more, unless the goal was met after all."""
    call, attempt, event = news.call, news.attempt, news.event
    detail = _about(
        news, EventName(event.kind.value), rang_twice=call.attempts > attempt.attempt_no
    )
    changes: dict[str, Any] = news.proof()
    if event.kind is VoiceEventKind.KEY_PRESSED:
        changes |= {"digits": attempt.digits + news.new_digits}
        detail |= news.key_words(news.new_digits or event.digit or "")
    if event.kind is VoiceEventKind.COMPLETED:
        result = event.result or Result.UNKNOWN
        changes |= news.closed(result=result)
        detail |= {"result": result, "duration": event.duration}
    goal = _goal_met_after_all(news, digits=changes.get("digits", ""))
    is_news = attempt.state is not AttemptState.DONE or bool(goal)
    return Step(
        name=EventName.LATE_NEWS, detail=detail, is_told=is_news, call=goal, attempt=changes
    )


def _goal_met_after_all(news: News, *, digits: str) -> dict[str, Any]:
    """No further try is needed; one that only waits is not made."""
    call, goal = news.call, news.call.request.goal
    is_first_end = goal == GOAL_ANSWERED and news.attempt.state is not AttemptState.DONE
    result = news.event.result if is_first_end else None
    if call.goal_met or not goal_is_met(goal, digits=digits, result=result):
        return {}
    if call.state in (CallState.SCHEDULED, CallState.QUEUED):
        reached = ended(
            call, CallEvent.COMPLETED, result=Result.ANSWERED, now=news.now, goal_met=True
        )
        return {**reached, "retries_left": 0}
    return {"goal_met": True, "retries_left": 0}


def _about(news: News, event: EventName, *, rang_twice: bool) -> dict[str, Any]:
    return {
        "event": event,
        "attempt_no": news.attempt.attempt_no,
        "rang_twice": rang_twice,
    }
