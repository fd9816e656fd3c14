# ruff: noqa: S608 - SQL is put together from constants of this package, values are bound
"""Attempts: one row per request to the voice service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call
from storage.rows import Column, Rows, as_is
from storage.values import from_ms, from_ms_or_none, to_ms, to_ms_or_none

_ATTEMPT = """id, call_id, attempt_no, token, phone_number, state, claimed_at, sending_at,
    settled_at, starts_at, next_check_at, checks, completions, voice_call_id, digits, result,
    duration, detail"""

_INSERT = """
insert into attempts (call_id, attempt_no, token, phone_number, state, claimed_at)
values (?, ?, ?, ?, 'claimed', ?)
"""

_BY_ID = f"select {_ATTEMPT} from attempts where id = ?"
_BY_TOKEN = f"select {_ATTEMPT} from attempts where token = ? limit 2"
_BY_TOKEN_AND_NUMBER = f"select {_ATTEMPT} from attempts where token = ? and phone_number = ?"
_OF_CALL = f"select {_ATTEMPT} from attempts where call_id = ? order by id"

# The condition of the partial index, word for word.
_CHECKED = "next_check_at is not null and state not in ('rejected', 'done')"
_TO_CHECK = f"""
select {_ATTEMPT} from attempts where {_CHECKED} and next_check_at <= ?
order by next_check_at, id limit ?
"""
_NEXT_CHECK = f"select min(next_check_at) from attempts where {_CHECKED}"

# Every request whose first byte may have left counts, whatever came of it; and so does every one
# that is claimed, since it is about to. One whose answer is still out may be read by the service
# as late as our deadline of 20 s, so that is its time.
_RECENT_REQUESTS = """
select coalesce(settled_at, sending_at + 20000) as requested_at from attempts
where sending_at is not null and coalesce(settled_at, sending_at + 20000) >= :since
union all
select claimed_at + 20000 from attempts
where state = 'claimed' and claimed_at + 20000 >= :since
order by requested_at
"""

# Lines in use: ours until the answer is in, theirs from then on (an estimated start is a queue
# with a line taken; only what the service keeps for its chosen time has none yet), and those
# nobody knows about until silence has passed. No call lasts a quarter of an hour: of one that was
# taken or has begun longer ago the end was lost, and it must not hold up the others for a day.
_OUTSTANDING = """
select (select count(*) from attempts where state in ('claimed', 'sending'))
    + (select count(*) from attempts join calls on calls.id = attempts.call_id
        where attempts.state = 'placed' and not (calls.state = 'placed' and calls.due_at > :now)
            and max(coalesce(attempts.settled_at, 0), coalesce(attempts.starts_at, 0), calls.due_at)
                > :now - 900000)
    + (select count(*) from attempts join calls on calls.id = attempts.call_id
        where attempts.state = 'unknown' and calls.state = 'unconfirmed'
            and calls.held_at is null and coalesce(attempts.starts_at, 0) <= :now)
"""

_CHANGEABLE: Mapping[str, Column] = {
    "state": lambda state: state.value,
    "sending_at": to_ms_or_none,
    "settled_at": to_ms_or_none,
    "starts_at": to_ms_or_none,
    "next_check_at": to_ms_or_none,
    "checks": as_is,
    "completions": as_is,
    "voice_call_id": as_is,
    "digits": as_is,
    "result": as_is,
    "duration": as_is,
    "detail": as_is,
}


class Attempts(Rows):
    """The part of a transaction that keeps attempts (ports.Transaction says what each does)."""

    def add_attempt(self, call: Call, *, attempt_no: int, token: bytes, now: datetime) -> Attempt:
        """Claim: a new attempt in state `claimed`."""
        cursor = self.connection.execute(
            _INSERT, (call.id, attempt_no, token, call.request.phone_number, to_ms(now))
        )
        return self._attempts(_BY_ID, cursor.lastrowid)[0]

    def attempt(self, attempt_id: int) -> Attempt | None:
        """One attempt."""
        return next(iter(self._attempts(_BY_ID, attempt_id)), None)

    def attempt_by_token(self, token: bytes, *, phone_number: str | None = None) -> Attempt | None:
        """The attempt an address names; a batch's token needs the phone number too."""
        if phone_number is not None:
            found = self._attempts(_BY_TOKEN_AND_NUMBER, token, phone_number)
        else:
            found = self._attempts(_BY_TOKEN, token)
        return found[0] if len(found) == 1 else None

    def attempts_of(self, call_id: int) -> list[Attempt]:
        """All tries of a call, oldest first."""
        return self._attempts(_OF_CALL, call_id)

    def update_attempt(self, attempt_id: int, **changes: Any) -> None:
        """Change columns of an attempt, named as in `Attempt`."""
        self._change("attempts", attempt_id, changes, _CHANGEABLE)

    def attempts_in(self, states: Sequence[AttemptState]) -> list[Attempt]:
        """All attempts in these states (few: those that are open)."""
        marks = ", ".join("?" * len(states))
        return self._attempts(
            f"select {_ATTEMPT} from attempts where state in ({marks}) order by id",
            *(state.value for state in states),
        )

    def attempts_to_check(self, *, now: datetime, limit: int) -> list[Attempt]:
        """Open attempts whose `next_check_at` has come."""
        return self._attempts(_TO_CHECK, to_ms(now), limit)

    def next_check_at(self) -> datetime | None:
        """When the next open attempt wants to be looked at."""
        return from_ms_or_none(self.connection.execute(_NEXT_CHECK).fetchone()[0])

    def recent_requests(self, *, since: datetime) -> list[datetime]:
        """When the service saw each request of late, or can have seen it, oldest first."""
        rows = self.connection.execute(_RECENT_REQUESTS, {"since": to_ms(since)})
        return [from_ms(ms) for (ms,) in rows]

    def outstanding(self, *, now: datetime) -> int:
        """Attempts that hold a line: claimed, sending, placed and started, unknown, not held."""
        return int(self.connection.execute(_OUTSTANDING, {"now": to_ms(now)}).fetchone()[0])

    def _attempts(self, statement: str, *values: Any) -> list[Attempt]:
        return [_from_row(row) for row in self.connection.execute(statement, values)]


def _from_row(row: tuple[Any, ...]) -> Attempt:
    return Attempt(
        id=row[0],
        call_id=row[1],
        attempt_no=row[2],
        token=row[3],
        phone_number=row[4],
        state=AttemptState(row[5]),
        claimed_at=from_ms(row[6]),
        sending_at=from_ms_or_none(row[7]),
        settled_at=from_ms_or_none(row[8]),
        starts_at=from_ms_or_none(row[9]),
        next_check_at=from_ms_or_none(row[10]),
        checks=row[11],
        completions=row[12],
        voice_call_id=row[13],
        digits=row[14],
        result=row[15],
        duration=row[16],
        detail=row[17],
    )
