"""The life of a call: every state, every event, and the one table of what may follow what.

A call is asked for, waits for its time (`scheduled`), waits for a free line (`queued`), is
being handed over (`dialing`), was taken by the voice service (`placed`), somebody picked
up (`in_progress`), and `ended`. Webhooks get lost, so every state may jump forward: a call
that was only `placed` may end without ever having been seen `in_progress`. When the line
to the voice service broke at the wrong instant the call is `unconfirmed`: it may ring, it
may not; only news from the service or a person moves it on, never a guess of ours.

How a call ended is its `Result`, a field of its own. `ended` is final but for two things:
a person may call again (a new, linked attempt), and a result `unknown` is corrected when
true news arrives late.
"""

from __future__ import annotations

from enum import StrEnum

from bot.domain.errors import InvalidTransition


class CallState(StrEnum):
    """Where a call stands now."""

    AWAITING_APPROVAL = "awaiting_approval"  # a second person must agree first
    SCHEDULED = "scheduled"  # waits for its due time: chosen, or a retry
    QUEUED = "queued"  # due, waits for a free line of the plan
    DIALING = "dialing"  # claimed: we are asking the voice service to ring
    PLACED = "placed"  # the voice service has it, the phone rings or will
    IN_PROGRESS = "in_progress"  # somebody picked up
    UNCONFIRMED = "unconfirmed"  # we cannot know whether it was placed
    ENDED = "ended"  # over; the result says how


class CallEvent(StrEnum):
    """What can happen to a call, in the past tense."""

    APPROVED = "approved"
    CAME_DUE = "came_due"
    CLAIMED = "claimed"
    PUT_BACK = "put_back"  # surely not sent or turned away for now: wait and dial again
    PLACED = "placed"
    REFUSED = "refused"  # the service said no to the request itself
    LOST = "lost"  # no usable answer: it may have been placed
    ANSWERED = "answered"
    KEY_PRESSED = "key_pressed"
    COMPLETED = "completed"
    RETRY_SET = "retry_set"  # completed without success, and the sender's rule dials again
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    SUPPRESSED = "suppressed"
    GAVE_UP = "gave_up"  # asked for a day, nobody knows
    CALLED_AGAIN = "called_again"  # a person pressed the button
    MARKED = "marked"  # a person said what became of an unconfirmed call
    CORRECTED = "corrected"  # true news after a result `unknown`


_S, _E = CallState, CallEvent

_BEFORE_DIALING = {
    _E.CANCELLED: _S.ENDED,
    _E.EXPIRED: _S.ENDED,
    _E.SUPPRESSED: _S.ENDED,
}
_NEWS_FROM_THE_LINE = {
    _E.ANSWERED: _S.IN_PROGRESS,
    _E.KEY_PRESSED: _S.IN_PROGRESS,
    _E.COMPLETED: _S.ENDED,
    _E.RETRY_SET: _S.SCHEDULED,
    _E.CANCELLED: _S.ENDED,
}

TRANSITIONS: dict[CallState, dict[CallEvent, CallState]] = {
    _S.AWAITING_APPROVAL: {**_BEFORE_DIALING, _E.APPROVED: _S.SCHEDULED},
    # COMPLETED here: late news of the try before says the goal was met, no retry is needed
    _S.SCHEDULED: {**_BEFORE_DIALING, _E.CAME_DUE: _S.QUEUED, _E.COMPLETED: _S.ENDED},
    # news here: the service took a request for which it had said that it did not
    _S.QUEUED: {**_NEWS_FROM_THE_LINE, **_BEFORE_DIALING, _E.CLAIMED: _S.DIALING},
    _S.DIALING: {
        **_NEWS_FROM_THE_LINE,
        _E.PUT_BACK: _S.QUEUED,
        _E.PLACED: _S.PLACED,
        _E.REFUSED: _S.ENDED,
        _E.LOST: _S.UNCONFIRMED,
    },
    _S.PLACED: {**_NEWS_FROM_THE_LINE, _E.GAVE_UP: _S.ENDED},
    _S.IN_PROGRESS: {**_NEWS_FROM_THE_LINE, _E.GAVE_UP: _S.ENDED},
    _S.UNCONFIRMED: {
        **_NEWS_FROM_THE_LINE,
        _E.PLACED: _S.PLACED,
        # the true answer came after all, and it was a definite no
        _E.PUT_BACK: _S.QUEUED,
        _E.REFUSED: _S.ENDED,
        _E.CALLED_AGAIN: _S.QUEUED,
        _E.MARKED: _S.ENDED,
    },
    _S.ENDED: {_E.CALLED_AGAIN: _S.QUEUED, _E.CORRECTED: _S.ENDED},
}


def next_state(state: CallState, event: CallEvent) -> CallState:
    """The state after `event`; raises InvalidTransition and changes nothing if it cannot be."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise InvalidTransition(f"a call that is {state} cannot be {event}") from None


def can_happen(state: CallState, event: CallEvent) -> bool:
    """Whether `event` means anything to a call in `state`."""
    return event in TRANSITIONS[state]
