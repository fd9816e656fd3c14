"""The card of a call: the one message in the channel that always shows how the call stands."""

from __future__ import annotations

from datetime import datetime

from bot.domain.call import GOAL_ANSWERED, Call, CallRequest
from bot.domain.call_state import CallState
from bot.domain.phone_number import masked
from bot.domain.script import spoken_text
from bot.slack import ids
from bot.slack.blocks import Block, Message, actions, button, confirm, line, quote, rich_text
from bot.slack.pieces import At, Bold, Pieces, User, joined, to_mrkdwn
from bot.slack.text import count, cut
from bot.slack.words import (
    WAITING,
    attempt_words,
    emblem,
    goal_outcome,
    goal_words,
    headline,
    keys_words,
    result_with_seconds,
)

MAX_SCRIPT = 500
"""How much of the message a card shows; the details have all of it."""

_MAY_BE_CANCELLED = WAITING | {CallState.DIALING, CallState.PLACED}


def call_card(call: Call, *, now: datetime) -> Message:
    """The card with its buttons, as the row says at `now`."""
    shown = call_summary(call, now=now)
    return Message(text=shown.text, blocks=(*shown.blocks, actions(*_buttons(call))))


def call_status(call: Call, *, now: datetime) -> Message:
    """What `/robocall status` answers: the card, with the details to ask for."""
    shown = call_summary(call, now=now)
    return Message(text=shown.text, blocks=(*shown.blocks, actions(_details(call))))


def call_summary(call: Call, *, now: datetime) -> Message:
    """The card without its buttons."""
    title = headline(call, now=now)
    elements = [line([f"{emblem(call)} ", Bold(title)]), quote(script(call.request, MAX_SCRIPT))]
    elements += [line(facts(call))]
    if call.state is CallState.UNCONFIRMED:
        elements.append(line(["\n", *not_sure(call)]))
    text = to_mrkdwn(
        [f"{title}. Asked for by ", User(call.request.requested_by), ", ", *_when(call)]
    )
    return Message(text=f"{text}.", blocks=(rich_text(*elements),))


def script(request: CallRequest, limit: int) -> Pieces:
    """What is played: the text as it is spoken, or the recording's address."""
    if request.audio_url:
        return [f"Recording: {request.audio_url}"]
    text = spoken_text(request.message, request.variables)
    if len(text) <= limit:
        return [text]
    return [f"{cut(text, limit)} ({count(len(text), 'character')} in all)"]


def facts(call: Call) -> Pieces:
    """Who, when, how often, what for and what came of it: one line each."""
    request = call.request
    lines: list[Pieces] = [[Bold("Asked by: "), User(request.requested_by)]]
    lines.append([Bold("When: "), *_when(call)])
    told = {
        "Attempt: ": attempt_words(call),
        "Waiting because: ": _wait_words(call),
        "Pressed: ": keys_words(request, call.digits),
        "Result: ": _result(call),
        "Goal: ": _goal_to_come(call),
    }
    lines += [[Bold(label), words] for label, words in told.items() if words]
    return joined(lines)


def not_sure(call: Call) -> Pieces:
    """What we know of an unconfirmed call, and what we do not do (fault-catalogue 3.6)."""
    known: Pieces = [
        "We asked the voice service to ring this number, and no usable answer came back. It may"
        " have rung. We have ",
        Bold("not"),
        " called again. If it tells us later, this message corrects itself.",
    ]
    if call.held_at is None:
        return known
    return [*known, " If you know what became of it, say so below."]


def _when(call: Call) -> Pieces:
    if call.ended_at:
        return ["ended ", At(call.ended_at)]
    is_on = call.state in {CallState.PLACED, CallState.IN_PROGRESS}
    if is_on and call.placed_at and call.placed_at >= call.due_at:
        return ["placed ", At(call.placed_at)]
    return ["due ", At(call.due_at)]


def _wait_words(call: Call) -> str:
    """Why it waits; that it waits to be tried again stands in the title already."""
    is_told = call.state in WAITING and call.wait_reason != "retry"
    return call.wait_reason or "" if is_told else ""


def _goal_to_come(call: Call) -> str:
    """The goal while it is open; that somebody answers goes without saying."""
    is_plain = call.request.goal == GOAL_ANSWERED
    return "" if is_plain or call.state is CallState.ENDED else goal_words(call.request)


def _result(call: Call) -> str:
    if call.state is not CallState.ENDED or call.result is None:
        return ""
    words = result_with_seconds(call.result, call.duration)
    outcome = goal_outcome(
        call.request, digits=call.digits, result=call.result, goal_met=call.goal_met
    )
    return f"{words}. {outcome}" if outcome else words


def _buttons(call: Call) -> list[Block]:
    is_held = call.state is CallState.UNCONFIRMED and call.held_at is not None
    buttons: list[Block] = []
    if call.state in _MAY_BE_CANCELLED and not call.is_cancelling:
        buttons.append(_cancel(call))
    if is_held or call.state is CallState.ENDED:
        buttons.append(_call_again(call, may_ring_twice=is_held))
    if is_held:
        buttons += [_mark(call, was_made=True), _mark(call, was_made=False)]
    return [*buttons, _details(call)]


def _cancel(call: Call) -> Block:
    number = masked(call.request.phone_number)
    return button(
        "Cancel call",
        action_id=ids.CALL_CANCEL,
        value=ids.button_value(call),
        spoken=f"Cancel the call to {number}",
        style="danger",
        asks=confirm(
            "Cancel this call?",
            f"{number} will not be rung, if it is not ringing yet.",
            yes="Cancel the call",
            no="Keep it",
            is_danger=True,
        ),
    )


def _call_again(call: Call, *, may_ring_twice: bool) -> Block:
    number = masked(call.request.phone_number)
    warning = "It may have been rung already: this person may be rung twice. "
    return button(
        "Call again (may ring twice)" if may_ring_twice else "Call again",
        action_id=ids.CALL_AGAIN,
        value=ids.button_value(call),
        spoken=f"Call {number} again" + (", it may ring twice" if may_ring_twice else ""),
        asks=confirm(
            "Call again?",
            f"{warning if may_ring_twice else ''}{number} is rung once more, same message.",
            yes="Call again",
            no="Do not call",
        ),
    )


def _mark(call: Call, *, was_made: bool) -> Block:
    words = "was made" if was_made else "was not made"
    return button(
        f"It {words}",
        action_id=ids.MARK_MADE if was_made else ids.MARK_NOT_MADE,
        value=ids.button_value(call),
        spoken=f"The call to {masked(call.request.phone_number)} {words}",
    )


def _details(call: Call) -> Block:
    return button(
        "Details",
        action_id=ids.CALL_DETAILS,
        value=ids.button_value(call),
        spoken=f"Details of the call to {masked(call.request.phone_number)}",
    )
