from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.call import CallRequest, KeyOption, ThreadRef
from bot.domain.call_state import CallState
from bot.domain.result import Result
from storage.transaction import SqliteTransaction
from tests.storage.rows import add_attempt, add_call, get_call
from tests.support.made import NOW, request

MINUTE = timedelta(minutes=1)

WHOLE_REQUEST = CallRequest(
    phone_number="+447700900123",
    requested_by="U2",
    channel="C2",
    message="Grüße, {{name}}: it’s 5 o’clock",
    audio_url="https://example.com/a.mp3",
    variables={"name": "Zoë", "at": "5"},
    voice="female",
    language="de",
    caller_id="+14155550199",
    keys=(KeyOption(digit="2", label="No", reply="Bye"), KeyOption(digit="1", label="Yes")),
    due_at=NOW + MINUTE,
    retries=3,
    retry_delay=timedelta(seconds=90.5),
    retry_on=frozenset({Result.FAILED, Result.BUSY}),
    goal="1",
)


def test_a_request_comes_back_as_it_was(tx: SqliteTransaction) -> None:
    """Every field of a request survives the table."""
    call_id = tx.add_call(
        WHOLE_REQUEST,
        state=CallState.SCHEDULED,
        created_at=NOW,
        due_at=NOW + MINUTE,
        expires_at=NOW + 2 * MINUTE,
        response_url="https://example.com/r",
    )
    assert call_id is not None
    call = get_call(tx, call_id)
    assert call.request == WHOLE_REQUEST
    assert (
        call.state,
        call.retries_left,
        call.digits,
        call.attempts,
    ) == (CallState.SCHEDULED, 3, "", 0)
    assert (call.created_at, call.due_at, call.expires_at) == (NOW, NOW + MINUTE, NOW + 2 * MINUTE)
    assert tx.response_url(call_id) == "https://example.com/r"
    assert tx.response_url(call_id + 1) == ""


def test_every_changeable_field_of_a_call_comes_back(tx: SqliteTransaction) -> None:
    """What update_call sets is what call returns."""
    call_id = add_call(tx)
    changes = {
        "state": CallState.ENDED,
        "due_at": NOW + MINUTE,
        "expires_at": NOW + 2 * MINUTE,
        "result": "answered",
        "wait_reason": "retry",
        "digits": "12#",
        "goal_met": True,
        "attempts": 2,
        "retries_left": 1,
        "attempt_id": 5,
        "voice_call_id": "robo_9",
        "duration": 25,
        "card": ThreadRef(channel="D1", ts="1700000000.000100"),
        "placed_at": NOW,
        "answered_at": NOW + 3 * MINUTE,
        "ended_at": NOW + 4 * MINUTE,
        "cancel_requested_at": NOW + 5 * MINUTE,
        "cancel_requested_by": "U3",
        "held_at": NOW + 6 * MINUTE,
    }
    before = get_call(tx, call_id)
    tx.update_call(call_id, **changes)
    assert replace(before, **changes) == get_call(tx, call_id)  # type: ignore[arg-type]
    untouched = {"card": None, "goal_met": False, "cancel_requested_at": None, "held_at": None}
    tx.update_call(call_id, **untouched)
    assert replace(before, **(changes | untouched)) == get_call(tx, call_id)  # type: ignore[arg-type]


def test_an_unknown_column_or_row_is_an_error(tx: SqliteTransaction) -> None:
    """A misspelt name changes nothing silently."""
    call_id = add_call(tx)
    with pytest.raises(TypeError, match="'sate'"):
        tx.update_call(call_id, sate=CallState.ENDED)
    with pytest.raises(TypeError, match="'id'"):
        tx.update_call(call_id, id=9)
    with pytest.raises(LookupError, match="99"):
        tx.update_call(99, attempts=1)
    tx.update_call(call_id)
    assert get_call(tx, call_id).state is CallState.QUEUED
    assert tx.call(99) is None


def test_a_naive_time_is_refused(tx: SqliteTransaction) -> None:
    """Nobody knows which hour a time without a zone means."""
    call_id = add_call(tx)
    with pytest.raises(TypeError):
        tx.update_call(call_id, ended_at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_times_are_kept_to_the_millisecond_rounded_down(tx: SqliteTransaction) -> None:
    """What is due at this instant is due now, not in a part of a millisecond."""
    at = NOW + timedelta(microseconds=1999)
    call_id = add_call(tx, due_at=at)
    assert NOW + timedelta(milliseconds=1) == get_call(tx, call_id).due_at
    assert len(tx.due_calls(now=at, limit=1)) == 1


def test_the_same_delivery_makes_one_call(tx: SqliteTransaction) -> None:
    """A dedupe key works once; calls without one do not meet."""
    first = add_call(tx, dedupe_key="trigger:1")
    again = tx.add_call(
        request(),
        state=CallState.QUEUED,
        created_at=NOW,
        due_at=NOW,
        expires_at=NOW,
        dedupe_key="trigger:1",
    )
    assert again is None
    found = tx.call_by_dedupe_key("trigger:1")
    assert found is not None
    assert first == found.id
    assert tx.call_by_dedupe_key("trigger:2") is None
    assert add_call(tx) != add_call(tx)


def test_a_call_is_found_by_any_of_its_voice_call_ids(tx: SqliteTransaction) -> None:
    """A retry has a new id at the service; the old one still names the call."""
    attempt = add_attempt(tx, voice_call_id="robo_1", call={"voice_call_id": "robo_2"})
    for voice_call_id in ("robo_1", "robo_2"):
        found = tx.call_by_voice_call_id(voice_call_id)
        assert found is not None
        assert attempt.call_id == found.id
    assert tx.call_by_voice_call_id("robo_3") is None


@pytest.mark.parametrize(
    ("asked", "is_twin"),
    [
        ({}, True),
        ({"variables": {"b": "2", "a": "1"}}, False),
        ({"channel": "C9"}, True),
        ({"requested_by": "U9"}, False),
        ({"phone_number": "+14155550124"}, False),
        ({"message": "Something else."}, False),
        ({"message": "", "audio_url": "https://example.com/a.mp3"}, False),
    ],
)
def test_a_twin_is_the_same_person_number_and_script(
    tx: SqliteTransaction, asked: dict[str, str], *, is_twin: bool
) -> None:
    """What is asked twice within a moment is found, what only looks like it is not."""
    add_call(tx)
    newest = add_call(tx)
    twin = tx.twin_of(request(**asked), since=NOW)
    assert (newest if is_twin else None) == (twin and twin.id)
    assert tx.twin_of(request(**asked), since=NOW + MINUTE) is None


def test_equal_variables_are_equal_in_any_order(tx: SqliteTransaction) -> None:
    """The order in which values were typed makes no other script."""
    add_call(tx, variables={"a": "1", "b": "2"})
    assert tx.twin_of(request(variables={"b": "2", "a": "1"}), since=NOW) is not None


def test_due_calls_come_singles_first_then_oldest_first(tx: SqliteTransaction) -> None:
    """One urgent call overtakes a campaign, whatever the times."""
    campaign = [add_call(tx, due_at=NOW - MINUTE) for _ in range(2)]
    tx.connection.execute("update calls set campaign_id = 1")
    later = add_call(tx, due_at=NOW)
    earlier = add_call(tx, due_at=NOW - timedelta(seconds=1), state=CallState.SCHEDULED)
    add_call(tx, due_at=NOW + MINUTE)
    add_call(tx, due_at=NOW, state=CallState.DIALING)
    expected = [earlier, later, *campaign]
    for limit in range(6):
        found = [call.id for call in tx.due_calls(now=NOW, limit=limit)]
        assert expected[:limit] == found


def test_untold_calls_are_due_and_do_not_wait_for_that_reason(tx: SqliteTransaction) -> None:
    """Only the first few are looked at; those behind them wait in silence."""
    told = add_call(tx, due_at=NOW - MINUTE)
    tx.update_call(told, wait_reason="full")
    other = add_call(tx, due_at=NOW - MINUTE)
    tx.update_call(other, wait_reason="retry")
    fresh = add_call(tx, due_at=NOW)
    just_due = add_call(tx, due_at=NOW, state=CallState.SCHEDULED)
    add_call(tx, due_at=NOW + MINUTE)
    for among, expected in ((1, []), (2, [other]), (9, [other, fresh, just_due])):
        found = tx.untold_calls(now=NOW, reason="full", among=among)
        assert expected == [call.id for call in found]


def test_the_next_due_time_is_the_earliest_of_all_that_wait(tx: SqliteTransaction) -> None:
    """Single or campaign, scheduled or queued; nothing else counts."""
    assert tx.next_due_at() is None
    add_call(tx, due_at=NOW - MINUTE, state=CallState.ENDED)
    add_call(tx, due_at=NOW + 2 * MINUTE)
    assert tx.next_due_at() == NOW + 2 * MINUTE
    of_campaign = add_call(tx, due_at=NOW + MINUTE, state=CallState.SCHEDULED)
    tx.connection.execute("update calls set campaign_id = 1 where id = ?", (of_campaign,))
    assert tx.next_due_at() == NOW + MINUTE


def test_overdue_calls_wait_and_have_expired(tx: SqliteTransaction) -> None:
    """The one that expired first comes first; what is being dialled is left alone."""
    second = add_call(tx, expires_at=NOW)
    first = add_call(tx, expires_at=NOW - MINUTE, state=CallState.SCHEDULED)
    add_call(tx, expires_at=NOW + MINUTE)
    add_call(tx, expires_at=NOW - MINUTE, state=CallState.PLACED)
    assert [first, second] == [call.id for call in tx.overdue_calls(now=NOW, limit=9)]
    assert [first] == [call.id for call in tx.overdue_calls(now=NOW, limit=1)]


def test_lists_are_newest_first_and_paged(tx: SqliteTransaction) -> None:
    """By person, by state, and from an id on."""
    ids = [
        add_call(tx, requested_by=f"U{n % 2}", state=state)
        for n, state in enumerate([CallState.QUEUED, CallState.ENDED, CallState.PLACED] * 2)
    ]
    ids.reverse()
    assert ids == [call.id for call in tx.list_calls(requested_by=None)]
    assert ids[1::2] == [call.id for call in tx.list_calls(requested_by="U0")]
    open_states = [CallState.PLACED, CallState.QUEUED]
    found = tx.list_calls(requested_by=None, states=open_states, limit=3)
    assert [ids[0], ids[2], ids[3]] == [call.id for call in found]
    found = tx.list_calls(requested_by=None, states=open_states, before_id=ids[2])
    assert [ids[3], ids[5]] == [call.id for call in found]
    assert tx.list_calls(requested_by="U0", states=[CallState.UNCONFIRMED]) == []


def test_calls_to_cancel_are_open_and_asked_to_stop(tx: SqliteTransaction) -> None:
    """An ended call needs no cancelling any more."""
    add_call(tx)
    wanted = add_call(tx, state=CallState.PLACED)
    ended = add_call(tx, state=CallState.ENDED)
    for call_id in (wanted, ended):
        tx.update_call(call_id, cancel_requested_at=NOW, cancel_requested_by="U1")
    assert [wanted] == [call.id for call in tx.calls_to_cancel()]
