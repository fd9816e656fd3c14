"""News that comes when a call is over for us, or about an attempt that is not the newest.

It cannot move the call any more, but for one thing: true news replaces a result `unknown`.
What would surprise somebody is told; the rest is only logged.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call, goal_is_met
from bot.domain.call_state import CallEvent, CallState, next_state
from bot.domain.result import Result
from bot.domain.step import Step, closed_attempt, key_words, new_digits, proven
from bot.domain.timeline import EventName
from bot.domain.voice_event import VoiceEvent, VoiceEventKind

_NOT_THE_LINES_OWN = {Result.CANCELLED, Result.EXPIRED, Result.SUPPRESSED, Result.REFUSED}


def rang_although_stopped(call: Call) -> bool:
    """Whether we had told people that this call would not ring."""
    return call.state is CallState.ENDED and call.result in _NOT_THE_LINES_OWN


def late_news(attempt: Attempt, event: EventName, *, rang_twice: bool) -> Step:
    """Something that should not have happened any more, told as it is."""
    return Step(
        name=EventName.LATE_NEWS,
        detail={"event": event, "attempt_no": attempt.attempt_no, "rang_twice": rang_twice},
        is_told=True,
    )


def completed_late(call: Call, attempt: Attempt, event: VoiceEvent, *, result: str) -> Step:
    """The call is over for us already: correct an `unknown`, tell a surprise, else just log."""
    detail = {"result": result, "duration": event.duration, "attempt_no": attempt.attempt_no}
    closed = closed_attempt(attempt, event, result=result)
    if call.state is CallState.ENDED and call.result == Result.UNKNOWN != result:
        goal_met = goal_is_met(call.request.goal, digits=attempt.digits, result=result)
        return Step(
            name=EventName.CORRECTED,
            detail={**detail, "goal_met": goal_met},
            is_told=True,
            call={
                "state": next_state(call.state, CallEvent.CORRECTED),
                "result": result,
                "duration": event.duration,
                "goal_met": goal_met,
            },
            attempt=closed,
        )
    if rang_although_stopped(call):
        late = late_news(attempt, EventName.COMPLETED, rang_twice=False)
        return replace(late, detail={**late.detail, **detail}, attempt=closed)
    return Step(name=EventName.COMPLETED, detail=detail)


def about_an_earlier_attempt(call: Call, attempt: Attempt, event: VoiceEvent) -> Step:
    """It cannot move the call any more; if we were not sure of it, the thread tells."""
    name = EventName(event.kind.value)
    late = late_news(attempt, name, rang_twice=call.attempts > attempt.attempt_no)
    changes: dict[str, Any] = proven(attempt)
    detail = dict(late.detail)
    if event.kind is VoiceEventKind.KEY_PRESSED:
        new = new_digits(event.digit, attempt)
        changes |= {"digits": attempt.digits + new}
        detail |= key_words(call, new or event.digit or "")
    if event.kind is VoiceEventKind.COMPLETED:
        result = event.result or Result.UNKNOWN
        changes |= closed_attempt(attempt, event, result=result)
        detail |= {"result": result, "duration": event.duration}
    is_told = attempt.state is not AttemptState.DONE
    return Step(name=late.name, detail=detail, is_told=is_told, attempt=changes)
