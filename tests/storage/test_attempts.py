from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.call import Attempt, AttemptState
from bot.domain.call_state import CallState
from storage.transaction import SqliteTransaction
from tests.storage.rows import (
    CLAIMED,
    DONE,
    PLACED,
    REJECTED,
    SENDING,
    UNKNOWN,
    add_attempt,
    add_call,
    get_call,
)
from tests.support.made import NOW, NUMBER

SECOND = timedelta(seconds=1)


def token(number: int) -> bytes:
    """A token like no other number's."""
    return number.to_bytes(16, "big")


def test_a_claim_is_a_new_attempt_with_the_number_of_the_call(tx: SqliteTransaction) -> None:
    """Nothing has been sent yet."""
    call = get_call(tx, add_call(tx))
    attempt = tx.add_attempt(call, attempt_no=2, token=token(1), now=NOW)
    assert attempt == Attempt(
        id=attempt.id,
        call_id=call.id,
        attempt_no=2,
        token=token(1),
        phone_number=NUMBER,
        state=CLAIMED,
        claimed_at=NOW,
    )
    assert attempt == tx.attempt(attempt.id)
    assert tx.attempt(attempt.id + 1) is None


def test_every_changeable_field_of_an_attempt_comes_back(tx: SqliteTransaction) -> None:
    """What update_attempt sets is what attempt returns."""
    before = add_attempt(tx)
    changes: dict[str, Any] = {
        "state": PLACED,
        "sending_at": NOW + SECOND,
        "settled_at": NOW + 2 * SECOND,
        "starts_at": NOW + 3 * SECOND,
        "next_check_at": NOW + 4 * SECOND,
        "checks": 2,
        "completions": 1,
        "voice_call_id": "robo_1",
        "digits": "1",
        "result": "busy",
        "duration": 3,
        "detail": "HTTP 500",
    }
    tx.update_attempt(before.id, **changes)
    assert replace(before, **changes) == tx.attempt(before.id)
    with pytest.raises(TypeError, match="'token'"):
        tx.update_attempt(before.id, token=token(2))


def test_a_token_names_one_attempt(tx: SqliteTransaction) -> None:
    """With its number or without, as long as it is not a batch's."""
    attempt = add_attempt(tx, token(1))
    assert attempt == tx.attempt_by_token(token(1))
    assert attempt == tx.attempt_by_token(token(1), phone_number=NUMBER)
    assert tx.attempt_by_token(token(1), phone_number="+14155550124") is None
    assert tx.attempt_by_token(token(2)) is None


def test_a_batch_token_needs_the_number(tx: SqliteTransaction) -> None:
    """Two attempts under one token: the token alone names neither."""
    first = add_attempt(tx, token(1))
    other = get_call(tx, add_call(tx, phone_number="+14155550124"))
    second = tx.add_attempt(other, attempt_no=1, token=token(1), now=NOW)
    assert tx.attempt_by_token(token(1)) is None
    assert first == tx.attempt_by_token(token(1), phone_number=NUMBER)
    assert second == tx.attempt_by_token(token(1), phone_number="+14155550124")


def test_one_token_and_number_is_one_attempt_for_ever(tx: SqliteTransaction) -> None:
    """The table itself refuses a second POST under the same token."""
    attempt = add_attempt(tx, token(1))
    with pytest.raises(sqlite3.IntegrityError):
        tx.add_attempt(get_call(tx, attempt.call_id), attempt_no=2, token=token(1), now=NOW)


def test_attempts_of_a_call_are_oldest_first(tx: SqliteTransaction) -> None:
    """Only that call's."""
    first = add_attempt(tx, token(1))
    add_attempt(tx, token(2))
    call = get_call(tx, first.call_id)
    second = tx.add_attempt(call, attempt_no=2, token=token(3), now=NOW)
    assert [first, second] == tx.attempts_of(call.id)


def test_attempts_are_found_by_state(tx: SqliteTransaction) -> None:
    """Those in one of the states, oldest first."""
    made = {state: add_attempt(tx, token(n), state=state) for n, state in enumerate(AttemptState)}
    assert [made[CLAIMED], made[UNKNOWN]] == tx.attempts_in([UNKNOWN, CLAIMED])
    assert tx.attempts_in([]) == []


def test_open_attempts_are_checked_when_their_time_comes(tx: SqliteTransaction) -> None:
    """The earliest first; a closed line is never looked up."""
    assert tx.next_check_at() is None
    late = add_attempt(tx, token(1), state=PLACED, next_check_at=NOW)
    soon = add_attempt(tx, token(2), state=UNKNOWN, next_check_at=NOW - SECOND)
    add_attempt(tx, token(3), state=PLACED, next_check_at=NOW + SECOND)
    add_attempt(tx, token(4), state=DONE, next_check_at=NOW - 2 * SECOND)
    add_attempt(tx, token(5), state=REJECTED, next_check_at=NOW - 2 * SECOND)
    add_attempt(tx, token(6), state=PLACED)
    assert [soon, late] == tx.attempts_to_check(now=NOW, limit=9)
    assert [soon] == tx.attempts_to_check(now=NOW, limit=1)
    assert soon.next_check_at == tx.next_check_at()


@pytest.mark.parametrize(
    ("changes", "counted_after"),
    [
        ({"state": CLAIMED}, 20),
        ({"state": SENDING, "sending_at": NOW}, 20),
        ({"state": PLACED, "sending_at": NOW, "settled_at": NOW + SECOND}, 1),
        ({"state": UNKNOWN, "sending_at": NOW, "settled_at": NOW + 5 * SECOND}, 5),
        ({"state": DONE, "sending_at": NOW, "settled_at": NOW + SECOND}, 1),
        ({"state": REJECTED, "sending_at": NOW, "settled_at": NOW + SECOND}, 1),
        ({"state": REJECTED, "sending_at": None, "settled_at": NOW + SECOND}, None),
    ],
)
def test_a_request_counts_when_the_service_may_have_seen_it(
    tx: SqliteTransaction, changes: dict[str, Any], counted_after: int | None
) -> None:
    """As late as can be while it is claimed or the answer is out; never if it was not sent."""
    add_attempt(tx, **changes)
    expected = [] if counted_after is None else [NOW + counted_after * SECOND]
    assert expected == tx.recent_requests(since=NOW)


def test_recent_requests_are_sorted_and_begin_with_the_window(tx: SqliteTransaction) -> None:
    """The window includes its beginning."""
    for number, seconds in enumerate((30, 10, 9, 20)):
        settled_at = NOW + seconds * SECOND
        add_attempt(tx, token(number), state=DONE, sending_at=NOW, settled_at=settled_at)
    expected = [NOW + seconds * SECOND for seconds in (10, 20, 30)]
    assert expected == tx.recent_requests(since=NOW + 10 * SECOND)


@pytest.mark.parametrize(
    ("changes", "call", "lines"),
    [
        ({"state": CLAIMED}, {}, 1),
        ({"state": SENDING}, {}, 1),
        ({"state": PLACED}, {}, 1),
        ({"state": PLACED, "starts_at": NOW + SECOND}, {"state": CallState.PLACED}, 1),
        ({"state": PLACED}, {"state": CallState.PLACED, "due_at": NOW + SECOND}, 0),
        ({"state": PLACED}, {"state": CallState.IN_PROGRESS, "due_at": NOW + SECOND}, 1),
        ({"state": UNKNOWN}, {"state": CallState.UNCONFIRMED}, 1),
        ({"state": UNKNOWN}, {"state": CallState.UNCONFIRMED, "held_at": NOW}, 0),
        ({"state": UNKNOWN}, {"state": CallState.ENDED}, 0),
        ({"state": REJECTED}, {}, 0),
        ({"state": DONE}, {}, 0),
    ],
)
def test_an_attempt_holds_a_line_while_it_may_ring(
    tx: SqliteTransaction, changes: dict[str, Any], call: dict[str, Any], lines: int
) -> None:
    """The plan's lines are counted from the table."""
    add_attempt(tx, call=call, **changes)
    assert lines == tx.outstanding(now=NOW)


def test_lines_add_up(tx: SqliteTransaction) -> None:
    """One per attempt that may ring."""
    for number, state in enumerate([CLAIMED, SENDING, SENDING, PLACED, DONE]):
        add_attempt(tx, token(number), state=state)
    assert tx.outstanding(now=NOW) == 4
