# ruff: noqa: S608 - SQL is put together from constants of this package, values are bound
"""Calls: one row holds the request and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.domain.call import Call, CallRequest
from bot.domain.call_state import CallState
from storage.call_rows import CALL, CHANGEABLE, INSERT_CALL, call_from_row, request_to_row
from storage.outbox import Outbox
from storage.values import from_ms_or_none, to_json, to_ms

_BY_ID = f"select {CALL} from calls where id = ?"
_BY_DEDUPE_KEY = f"select {CALL} from calls where dedupe_key = ?"

# A retry has a new id at the voice service: look at all attempts.
_BY_VOICE_CALL_ID = f"""
select {CALL} from calls where voice_call_id = :voice_call_id
union
select {CALL} from calls where id in (
    select call_id from attempts where voice_call_id = :voice_call_id)
order by 1 desc limit 1
"""

_TWIN = f"""
select {CALL} from calls
where phone_number = ? and created_at >= ? and requested_by = ?
    and message = ? and audio_url = ? and variables = ?
order by id desc limit 1
"""

_WAITING = "state in ('scheduled', 'queued')"  # the words of the partial indexes

_DUE = f"""
select {CALL} from calls
where {_WAITING} and (campaign_id is not null) = ? and due_at <= ?
order by due_at, id limit ?
"""

# The waiting are found first, so that only those that must be told something are read.
_UNTOLD = f"""
select {CALL} from calls where id in (
    select id from calls where {_WAITING} and (campaign_id is not null) = ? and due_at <= ?
    order by due_at, id limit ?)
and (state <> 'queued' or wait_reason is not ?)
order by due_at, id
"""

# Two look-ups at the ends of an index, however many calls wait.
_NEXT_DUE = f"""
select min(due_at) from (
    select min(due_at) as due_at from calls where {_WAITING} and (campaign_id is not null) = 0
    union all
    select min(due_at) from calls where {_WAITING} and (campaign_id is not null) = 1)
"""

# Left alone, SQLite would rather sort all that waits.
_OVERDUE = f"""
select {CALL} from calls indexed by calls_expiry
where {_WAITING} and expires_at <= ? order by expires_at, id limit ?
"""

_TO_CANCEL = f"""
select {CALL} from calls
where cancel_requested_at is not null and state <> 'ended' order by cancel_requested_at, id
"""

# The newest of one state, at one end of an index; the states are then merged.
_NEWEST_OF_STATE = """
select id from (
    select id from calls where {whose} and state = '{state}' and id < :before
    order by id desc limit :limit)
"""


class Calls(Outbox):
    """The part of a transaction that keeps calls (ports.Transaction says what each does)."""

    def add_call(
        self,
        request: CallRequest,
        *,
        state: CallState,
        created_at: datetime,
        due_at: datetime,
        expires_at: datetime,
        dedupe_key: str | None = None,
        response_url: str = "",
    ) -> int | None:
        """Store a new call and return its id; None if `dedupe_key` is already there."""
        cursor = self.connection.execute(
            INSERT_CALL,
            (
                dedupe_key,
                response_url,
                state.value,
                to_ms(created_at),
                to_ms(due_at),
                to_ms(expires_at),
                request.retries,
                request.channel,
                *request_to_row(request),
            ),
        )
        return cursor.lastrowid if cursor.rowcount else None

    def call(self, call_id: int) -> Call | None:
        """One call."""
        return self._call(_BY_ID, call_id)

    def call_by_dedupe_key(self, key: str) -> Call | None:
        """The call that this delivery made."""
        return self._call(_BY_DEDUPE_KEY, key)

    def call_by_voice_call_id(self, voice_call_id: str) -> Call | None:
        """The call of the voice service's id, also if a later attempt has another one."""
        return self._one(_BY_VOICE_CALL_ID, {"voice_call_id": voice_call_id})

    def twin_of(self, request: CallRequest, *, since: datetime) -> Call | None:
        """The newest call by the same person to the same number with the same script."""
        return self._call(
            _TWIN,
            request.phone_number,
            to_ms(since),
            request.requested_by,
            request.message,
            request.audio_url,
            to_json(request.variables),
        )

    def update_call(self, call_id: int, **changes: Any) -> None:
        """Change columns of a call, named as in `Call` (`card` is a ThreadRef).

        Messages that wait follow the card to the channel it stands in.
        """
        if "card" in changes:
            card = changes.pop("card")
            changes["card_channel"] = card and card.channel
            changes["card_ts"] = card and card.ts
            if card:
                self.move_messages(call_id, card.channel)
        self._change("calls", call_id, changes, CHANGEABLE)

    def response_url(self, call_id: int) -> str:
        """Where the command that made the call can still be answered, or ''."""
        row = self.connection.execute(
            "select response_url from calls where id = ?", (call_id,)
        ).fetchone()
        return "" if row is None else str(row[0])

    def due_calls(self, *, now: datetime, limit: int) -> list[Call]:
        """Waiting calls whose time has come, single calls before campaigns, oldest first."""
        single = self._calls(_DUE, 0, to_ms(now), limit)
        return single + self._calls(_DUE, 1, to_ms(now), limit - len(single))

    def untold_calls(self, *, now: datetime, reason: str, among: int) -> list[Call]:
        """Due calls that do not wait for `reason` yet, of the first `among` of each kind."""
        return [
            call
            for is_campaign in (0, 1)
            for call in self._calls(_UNTOLD, is_campaign, to_ms(now), among, reason)
        ]

    def next_due_at(self) -> datetime | None:
        """When the next waiting call is due."""
        return from_ms_or_none(self.connection.execute(_NEXT_DUE).fetchone()[0])

    def overdue_calls(self, *, now: datetime, limit: int) -> list[Call]:
        """Waiting calls whose expiry has passed."""
        return self._calls(_OVERDUE, to_ms(now), limit)

    def list_calls(
        self,
        *,
        requested_by: str | None,
        states: Sequence[CallState] = (),
        before_id: int | None = None,
        limit: int = 10,
    ) -> list[Call]:
        """Newest first; None for everybody's."""
        whose = "true" if requested_by is None else "requested_by = :requested_by"
        newest = " union all ".join(
            _NEWEST_OF_STATE.format(whose=whose, state=CallState(state).value)
            for state in states or CallState
        )
        named = {"requested_by": requested_by, "before": before_id or 2**63 - 1, "limit": limit}
        rows = self.connection.execute(
            f"select {CALL} from calls where id in ({newest}) order by id desc limit :limit", named
        )
        return [call_from_row(row) for row in rows]

    def calls_to_cancel(self) -> list[Call]:
        """Open calls somebody asked to stop and whose answer is still out."""
        return self._calls(_TO_CANCEL)

    def _call(self, statement: str, *values: Any) -> Call | None:
        return self._one(statement, values)

    def _one(self, statement: str, values: Any) -> Call | None:
        row = self.connection.execute(statement, values).fetchone()
        return None if row is None else call_from_row(row)

    def _calls(self, statement: str, *values: Any) -> list[Call]:
        return [call_from_row(row) for row in self.connection.execute(statement, values)]
