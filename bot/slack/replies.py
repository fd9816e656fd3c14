"""What happened, told in the thread: one or two sentences for a person in a hurry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot.domain.call import Call
from bot.domain.phone_number import masked
from bot.domain.timeline import EventName
from bot.ports import Event
from bot.slack.blocks import Message, sentence
from bot.slack.pieces import At, Bold, Piece, Pieces, person, said
from bot.slack.text import DATE_WITH_SECONDS
from bot.slack.words import (
    all_attempts,
    goal_outcome,
    keys_words,
    result_with_seconds,
    result_words,
)

Detail = Mapping[str, Any]


def event_reply(call: Call, event: Event) -> Message:
    """The reply in the card's thread that tells `event`."""
    return sentence(event_words(call, event))


def event_words(call: Call, event: Event) -> Pieces:
    """What happened, in full sentences; also for what only the details tell."""
    tell = _TELLERS.get(event.event)
    if tell is None:
        return [f"Something happened that has no words yet: {said(event.event)}."]
    words = tell(call, event.detail)
    if event.detail.get("settles"):
        words = ["Now we know: the call was made. ", *words]
    return words


def _at(detail: Detail, name: str) -> Piece | None:
    text = detail.get(name)
    return At(datetime.fromisoformat(text)) if text else None


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _attempt(call: Call, attempt_no: int) -> str:
    return f"attempt {attempt_no} of {all_attempts(call.request, attempt_no)}"


def _requested(_call: Call, _detail: Detail) -> Pieces:
    return ["Asked for."]


def _waiting(_call: Call, detail: Detail) -> Pieces:
    return [f"Waiting: {detail.get('reason', '')}."]


def _accepted(call: Call, detail: Detail) -> Pieces:
    number = masked(call.request.phone_number)
    later = _at(detail, "scheduled_at")
    if later:
        return [f"The voice service has the call and will ring {number} ", later, "."]
    attempt_no = detail.get("attempt_no", 1)
    again = f" ({_attempt(call, attempt_no)})" if attempt_no > 1 else ""
    return [f"Ringing {number}{again}."]


def _put_back(_call: Call, detail: Detail) -> Pieces:
    return [f"Not dialled yet: {detail.get('reason', '')}. We try again by ourselves."]


def _refused(_call: Call, detail: Detail) -> Pieces:
    reason, status = detail.get("reason", ""), detail.get("status")
    code = f" (status {status})" if status else ""
    return [f"Not dialled: the voice service refused this call: {said(reason)}{code}."]


def _unconfirmed(call: Call, detail: Detail) -> Pieces:
    asked = detail.get("asked_at")
    when: Pieces = [" ", At(datetime.fromisoformat(asked), DATE_WITH_SECONDS)] if asked else []
    return [
        "Not sure this call was made. We asked the voice service to ring"
        f" {masked(call.request.phone_number)}",
        *when,
        f", but no usable answer came back ({detail.get('reason', '')}). It may have rung.",
        " We have ",
        Bold("not"),
        " called again.",
        *_news(detail),
    ]


def _news(detail: Detail) -> Pieces:
    until = _at(detail, "news_until")
    if until:
        return [
            " If it tells us later, the card corrects itself. We listen for news until ",
            until,
            ".",
        ]
    return [" News cannot reach us here, so please say on the card what became of it."]


def _held(_call: Call, detail: Detail) -> Pieces:
    if detail.get("listening"):
        heard = "No news came while we listened, so it was probably not made; we are not sure."
    else:
        heard = "Nobody was listening for news all the time, so the silence tells us nothing."
    return [
        f"Still not sure this call was made. {heard} Please choose on the card: call again"
        " (it may ring twice), it was made, or it was not made."
    ]


def _answered(_call: Call, _detail: Detail) -> Pieces:
    return ["Answered."]


def _key_pressed(_call: Call, detail: Detail) -> Pieces:
    label, reply = detail.get("label"), detail.get("reply")
    meaning = f": {label}" if label else ""
    heard = f" They heard: {said(reply)}" if reply else ""
    return [f"Pressed {detail.get('digit', '')}{meaning}.{heard}"]


def _completed(call: Call, detail: Detail) -> Pieces:
    result = detail.get("result", "")
    goal = goal_outcome(
        call.request, digits=call.digits, result=result, goal_met=detail.get("goal_met")
    )
    words = f"Finished: {result_with_seconds(result, detail.get('duration'))}."
    return [f"{words} {goal}" if goal else words]


def _retry_scheduled(call: Call, detail: Detail) -> Pieces:
    next_no = detail.get("attempt_no", 1) + 1
    words = _capital(result_with_seconds(detail.get("result", ""), detail.get("duration")))
    at = _at(detail, "retry_at")
    when: Pieces = [" ", at] if at else []
    return [f"{words}. Trying again", *when, f" ({_attempt(call, next_no)})."]


def _rings_again(_call: Call, detail: Detail) -> Pieces:
    words = _capital(result_words(detail.get("result", "")))
    return [f"{words}. The voice service tries again by itself."]


def _cancel_requested(_call: Call, detail: Detail) -> Pieces:
    return [person(detail.get("by", "")), " asked to cancel the call."]


def _cancelled(_call: Call, detail: Detail) -> Pieces:
    return ["Cancelled by ", person(detail.get("by", "")), ".", *_their_words(detail)]


def _their_words(detail: Detail) -> Pieces:
    words = detail.get("said")
    return [f" The voice service says: {said(words)}"] if words else []


_WHY_NOT_CANCELLED = {
    "too_late": "It was too late to cancel: the call had already started.",
    "unreachable": "Not cancelled yet: the voice service cannot be reached. We keep asking it.",
    "no_id": (
        "It cannot be cancelled now: the voice service has not told us its id. If it tells us,"
        " we cancel the call at once."
    ),
}


def _cancel_failed(_call: Call, detail: Detail) -> Pieces:
    why = detail.get("why", "")
    return [_WHY_NOT_CANCELLED.get(why, f"Not cancelled: {why}."), *_their_words(detail)]


def _expired(_call: Call, detail: Detail) -> Pieces:
    due = _at(detail, "due_at")
    when: Pieces = [" It was due ", due, "."] if due else []
    return ["Not called: its time had passed before it could be dialled.", *when]


def _called_again(_call: Call, detail: Detail) -> Pieces:
    return [person(detail.get("by", "")), " asked to call again."]


def _marked(_call: Call, detail: Detail) -> Pieces:
    made = "was made" if detail.get("made") else "was not made"
    return [person(detail.get("by", "")), f" says that the call {made}."]


def _corrected(call: Call, detail: Detail) -> Pieces:
    result = result_with_seconds(detail.get("result", ""), detail.get("duration"))
    digits = detail.get("digits") or call.digits
    pressed = f", pressed {keys_words(call.request, digits)}" if digits else ""
    return [f"News came late, and the card is corrected: {result}{pressed}."]


def _late_news(call: Call, detail: Detail) -> Pieces:
    what = {
        EventName.ANSWERED: _answered,
        EventName.KEY_PRESSED: _key_pressed,
        EventName.COMPLETED: _late_completion,
    }.get(detail.get("event", ""), _other)
    twice: Pieces = [" ", Bold("This person was rung twice.")] if detail.get("rang_twice") else []
    return [f"Late news about attempt {detail.get('attempt_no', 1)}: ", *what(call, detail), *twice]


def _late_completion(_call: Call, detail: Detail) -> Pieces:
    return [f"finished: {result_with_seconds(detail.get('result', ''), detail.get('duration'))}."]


def _rang_twice(_call: Call, detail: Detail) -> Pieces:
    first, second = detail.get("first_id", ""), detail.get("second_id", "")
    return [
        Bold("This person may have been rung twice."),
        f" The voice service made two calls of one request ({first} and {second}). We try to"
        " stop the second.",
    ]


def _gave_up(_call: Call, detail: Detail) -> Pieces:
    status = detail.get("status")
    last = f" Its last word was {said(status)}." if status else ""
    return [f"We asked for a day and nobody could tell us how this call ended.{last}"]


def _other(_call: Call, detail: Detail) -> Pieces:
    return [f"The voice service says: {said(detail.get('word', ''))}"]


def _mismatch(_call: Call, detail: Detail) -> Pieces:
    return [f"Ignored news that is not about this call: {detail.get('why', '')}."]


_TELLERS: dict[str, Callable[[Call, Detail], Pieces]] = {
    EventName.REQUESTED: _requested,
    EventName.WAITING: _waiting,
    EventName.ACCEPTED: _accepted,
    EventName.PUT_BACK: _put_back,
    EventName.REFUSED: _refused,
    EventName.UNCONFIRMED: _unconfirmed,
    EventName.HELD: _held,
    EventName.ANSWERED: _answered,
    EventName.KEY_PRESSED: _key_pressed,
    EventName.COMPLETED: _completed,
    EventName.RETRY_SCHEDULED: _retry_scheduled,
    EventName.RINGS_AGAIN: _rings_again,
    EventName.CANCEL_REQUESTED: _cancel_requested,
    EventName.CANCELLED: _cancelled,
    EventName.CANCEL_FAILED: _cancel_failed,
    EventName.EXPIRED: _expired,
    EventName.CALLED_AGAIN: _called_again,
    EventName.MARKED: _marked,
    EventName.CORRECTED: _corrected,
    EventName.LATE_NEWS: _late_news,
    EventName.RANG_TWICE: _rang_twice,
    EventName.GAVE_UP: _gave_up,
    EventName.OTHER: _other,
    EventName.MISMATCH: _mismatch,
}
