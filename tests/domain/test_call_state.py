from __future__ import annotations

import itertools

import pytest

from bot.domain.call_state import TRANSITIONS, CallEvent, CallState, can_happen, next_state
from bot.domain.errors import InvalidTransition

# The table of bot/domain/call_state.py written a second time, by hand, from design.md 4.1 and
# fault-catalogue 3.1: event -> {state before: state after}. Whatever is not here cannot happen.
EXPECTED: dict[str, dict[str, str]] = {
    "approved": {"awaiting_approval": "scheduled"},
    "came_due": {"scheduled": "queued"},
    "claimed": {"queued": "dialing"},
    "put_back": dict.fromkeys(["dialing", "unconfirmed"], "queued"),
    "placed": {"dialing": "placed", "unconfirmed": "placed"},
    "refused": dict.fromkeys(["dialing", "unconfirmed"], "ended"),
    "lost": {"dialing": "unconfirmed"},
    "answered": dict.fromkeys(
        ["queued", "dialing", "placed", "in_progress", "unconfirmed"], "in_progress"
    ),
    "key_pressed": dict.fromkeys(
        ["queued", "dialing", "placed", "in_progress", "unconfirmed"], "in_progress"
    ),
    "completed": dict.fromkeys(
        ["scheduled", "queued", "dialing", "placed", "in_progress", "unconfirmed"], "ended"
    ),
    "retry_set": dict.fromkeys(
        ["queued", "dialing", "placed", "in_progress", "unconfirmed"], "scheduled"
    ),
    "cancelled": dict.fromkeys(
        [
            "awaiting_approval",
            "scheduled",
            "queued",
            "dialing",
            "placed",
            "in_progress",
            "unconfirmed",
        ],
        "ended",
    ),
    "expired": dict.fromkeys(["awaiting_approval", "scheduled", "queued"], "ended"),
    "suppressed": dict.fromkeys(["awaiting_approval", "scheduled", "queued"], "ended"),
    "gave_up": dict.fromkeys(["placed", "in_progress"], "ended"),
    "called_again": dict.fromkeys(["unconfirmed", "ended"], "queued"),
    "marked": {"unconfirmed": "ended"},
    "corrected": {"ended": "ended"},
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(CallState, CallEvent)))
def test_every_pair_of_state_and_event_does_what_the_table_says(
    state: CallState, event: CallEvent
) -> None:
    """Each pair leads where it should, or is refused and changes nothing."""
    expected = EXPECTED[event].get(state)
    assert can_happen(state, event) == (expected is not None)
    if expected is None:
        with pytest.raises(InvalidTransition):
            next_state(state, event)
    else:
        assert next_state(state, event) == expected


def test_nothing_leaves_ended_but_a_person_or_the_truth() -> None:
    """The end is final: only a person calls again, only late truth corrects a result."""
    assert set(TRANSITIONS[CallState.ENDED]) == {CallEvent.CALLED_AGAIN, CallEvent.CORRECTED}


def test_nothing_is_dialled_from_unconfirmed_without_a_person_or_a_definite_no() -> None:
    """A call we are not sure of is queued when a person says so, or the true answer was "no"."""
    to_queue = {e for e, after in TRANSITIONS[CallState.UNCONFIRMED].items() if after == "queued"}
    assert to_queue == {CallEvent.CALLED_AGAIN, CallEvent.PUT_BACK}


def test_every_state_can_be_reached_and_left() -> None:
    """No state is a dead end but the end, none is an island."""
    reached = {after for events in TRANSITIONS.values() for after in events.values()}
    assert reached | {CallState.AWAITING_APPROVAL} == set(CallState)
    assert all(TRANSITIONS[state] for state in CallState)
