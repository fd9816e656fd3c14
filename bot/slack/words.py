"""How a call is told in words: where it stands, how it ended, whether that is a success."""

from __future__ import annotations

from datetime import datetime

from bot.domain.call import GOAL_ANY_KEY, Call, CallRequest
from bot.domain.call_state import CallState
from bot.domain.phone_number import masked
from bot.domain.result import Result
from bot.slack.pieces import said
from bot.slack.text import seconds

WAITING = frozenset({CallState.AWAITING_APPROVAL, CallState.SCHEDULED, CallState.QUEUED})
"""States in which nothing was asked of the voice service yet."""

_STANDING = {
    CallState.AWAITING_APPROVAL: "waits for approval",
    CallState.SCHEDULED: "waits for its time",
    CallState.QUEUED: "waits to be dialled",
    CallState.DIALING: "is being dialled",
    CallState.PLACED: "is ringing",
    CallState.IN_PROGRESS: "is answered and on the line",
}
_ENDED = {
    Result.ANSWERED: "was answered",
    Result.VOICEMAIL: "went to voicemail",
    Result.BUSY: "found the line busy",
    Result.NO_ANSWER: "was not answered",
    Result.FAILED: "could not be connected",
    Result.REJECTED: "was declined",
    Result.CANCELLED: "was cancelled",
    Result.EXPIRED: "was not made: its time had passed",
    Result.SUPPRESSED: "was not made: the number is on the do-not-call list",
    Result.REFUSED: "was refused by the voice service",
    Result.UNKNOWN: "ended, but nobody could tell us how",
}
_RESULTS = {
    Result.ANSWERED: "answered",
    Result.VOICEMAIL: "voicemail",
    Result.BUSY: "busy",
    Result.NO_ANSWER: "no answer",
    Result.FAILED: "could not connect",
    Result.REJECTED: "declined",
    Result.CANCELLED: "cancelled",
    Result.EXPIRED: "not made, its time had passed",
    Result.SUPPRESSED: "not made, the number is on the do-not-call list",
    Result.REFUSED: "refused by the voice service",
    Result.UNKNOWN: "unknown",
}
_ON_THE_LINE = frozenset(
    {
        Result.ANSWERED,
        Result.VOICEMAIL,
        Result.BUSY,
        Result.NO_ANSWER,
        Result.FAILED,
        Result.REJECTED,
    }
)


def result_words(result: str) -> str:
    """A result in two or three words; one we do not know as the voice service said it."""
    return _RESULTS[Result(result)] if result in _RESULTS else said(result)


def result_with_seconds(result: str, duration: int | None) -> str:
    """`answered, 25 seconds`; a call that nobody took has no length worth telling."""
    words = result_words(result)
    return f"{words}, {seconds(duration)}" if duration else words


def headline(call: Call, *, now: datetime) -> str:
    """The card's first line: which call, and where it stands."""
    number = masked(call.request.phone_number)
    if call.state is CallState.UNCONFIRMED:
        words = f"Not sure the call to {number} was made"
    else:
        words = f"Call to {number} {_standing(call, now=now)}"
    return f"{words}; it is being cancelled" if call.is_cancelling else words


def _standing(call: Call, *, now: datetime) -> str:
    if call.state is CallState.ENDED:
        return _ended(call)
    if call.state is CallState.SCHEDULED and call.attempts:
        return "waits to be tried again"
    if call.state is CallState.PLACED and call.due_at > now:
        return "is kept by the voice service until its time"
    return _STANDING[call.state]


def _ended(call: Call) -> str:
    result = call.result or Result.UNKNOWN
    if result not in _ENDED:
        return f"ended: {said(result)}"
    words = _ENDED[Result(result)]
    if result == Result.ANSWERED and call.goal_met is False:
        return f"{words}, but {_missed(call.request, call.digits)}"
    return words


def emblem(call: Call) -> str:
    """A small picture beside the words, never instead of them."""
    if call.state is CallState.ENDED:
        return "✅" if call.goal_met else "⏹️"
    if call.state is CallState.UNCONFIRMED:
        return "⚠️"
    return "⏳" if call.state in WAITING else "📞"


def key_words(request: CallRequest, digit: str) -> str:
    """A key with what it means: `1 (Confirm)`."""
    label = next((key.label for key in request.keys if key.digit == digit), "")
    return f"{digit} ({label})" if label else digit


def keys_words(request: CallRequest, digits: str) -> str:
    """All keys pressed, in order: `2 (Cancel), 1 (Confirm)`."""
    return ", ".join(key_words(request, digit) for digit in digits)


def goal_words(request: CallRequest) -> str:
    """Which key counts as success; for a goal that is more than being answered."""
    if request.goal == GOAL_ANY_KEY:
        return "any key is pressed"
    return f"key {key_words(request, request.goal)} is pressed"


def goal_outcome(
    request: CallRequest, *, digits: str, result: str | None, goal_met: bool | None
) -> str:
    """Whether the goal was met, as a sentence; '' where the question makes no sense."""
    if goal_met:
        how = f"pressed {keys_words(request, digits)}" if digits else "somebody answered"
        return f"Goal met: {how}."
    if result == Result.ANSWERED:
        return f"Goal not met: answered, but {_missed(request, digits)}."
    return "Goal not met." if result in _ON_THE_LINE else ""


def _missed(request: CallRequest, digits: str) -> str:
    if not digits:
        return "nobody pressed a key"
    return f"pressed {keys_words(request, digits)}, not {key_words(request, request.goal)}"


def all_attempts(request: CallRequest, attempt_no: int) -> int:
    """The M of "attempt N of M": what the sender's rule allows, or more if a person did."""
    return max(attempt_no, request.retries + 1)


def attempt_words(call: Call) -> str:
    """`2 of 3`, or '' for a call that has one attempt and no more to come."""
    if call.state is CallState.ENDED:
        return str(call.attempts) if call.attempts > 1 else ""
    attempt_no = max(call.attempts, 1)
    total = all_attempts(call.request, attempt_no)
    if total == 1:
        return ""
    if call.state in WAITING:
        return f"{call.attempts} of {total} made"
    return f"{attempt_no} of {total}"
