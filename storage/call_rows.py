# ruff: noqa: S608 - SQL is put together from constants of this package, values are bound
"""A call as a row of the table `calls`, there and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from bot.domain.call import Call, CallRequest, ThreadRef
from bot.domain.call_state import CallState
from storage.rows import Column, as_is
from storage.values import (
    from_json,
    from_ms,
    from_ms_or_none,
    keys_from_json,
    keys_to_json,
    results_from_json,
    results_to_json,
    to_json,
    to_ms,
    to_ms_or_none,
)

_REQUEST = """phone_number, requested_by, channel, message, audio_url, variables, voice, language,
    caller_id, keys, asked_for_at, retries, retry_delay, retry_on, goal"""

CALL = f"""id, state, created_at, due_at, expires_at, result, wait_reason, digits, goal_met,
    attempts, retries_left, attempt_id, voice_call_id, duration, card_channel, card_ts,
    placed_at, answered_at, ended_at, cancel_requested_at, cancel_requested_by, held_at,
    {_REQUEST}"""
"""The columns of `call_from_row`, in its order."""

_STANDING = 22  # so many columns of CALL come before the request's

INSERT_CALL = f"""
insert into calls (dedupe_key, response_url, state, created_at, due_at, expires_at, retries_left,
    posts_to, {_REQUEST})
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing
"""

CHANGEABLE: Mapping[str, Column] = {
    "state": lambda state: state.value,
    "due_at": to_ms,
    "expires_at": to_ms,
    "result": as_is,
    "wait_reason": as_is,
    "digits": as_is,
    "goal_met": as_is,
    "attempts": as_is,
    "retries_left": as_is,
    "attempt_id": as_is,
    "voice_call_id": as_is,
    "duration": as_is,
    "card_channel": as_is,
    "card_ts": as_is,
    "placed_at": to_ms_or_none,
    "answered_at": to_ms_or_none,
    "ended_at": to_ms_or_none,
    "cancel_requested_at": to_ms_or_none,
    "cancel_requested_by": as_is,
    "held_at": to_ms_or_none,
}
"""What `update_call` may change: `created_at` and the request stay as they were asked for."""


def request_to_row(request: CallRequest) -> tuple[Any, ...]:
    """The values of the request's columns."""
    return (
        request.phone_number,
        request.requested_by,
        request.channel,
        request.message,
        request.audio_url,
        to_json(request.variables),
        request.voice,
        request.language,
        request.caller_id,
        keys_to_json(request.keys),
        to_ms_or_none(request.due_at),
        request.retries,
        request.retry_delay.total_seconds(),
        results_to_json(request.retry_on),
        request.goal,
    )


def call_from_row(row: tuple[Any, ...]) -> Call:
    """The call whose columns are `CALL`."""
    return Call(
        id=row[0],
        state=CallState(row[1]),
        created_at=from_ms(row[2]),
        due_at=from_ms(row[3]),
        expires_at=from_ms(row[4]),
        result=row[5],
        wait_reason=row[6],
        digits=row[7],
        goal_met=None if row[8] is None else bool(row[8]),
        attempts=row[9],
        retries_left=row[10],
        attempt_id=row[11],
        voice_call_id=row[12],
        duration=row[13],
        card=None if row[15] is None else ThreadRef(channel=row[14], ts=row[15]),
        placed_at=from_ms_or_none(row[16]),
        answered_at=from_ms_or_none(row[17]),
        ended_at=from_ms_or_none(row[18]),
        cancel_requested_at=from_ms_or_none(row[19]),
        cancel_requested_by=row[20],
        held_at=from_ms_or_none(row[21]),
        request=_request_from_row(row[_STANDING:]),
    )


@lru_cache(maxsize=2048)
def _request_from_row(row: tuple[Any, ...]) -> CallRequest:
    """A request never changes, so the calls that are read often share theirs."""
    return CallRequest(
        phone_number=row[0],
        requested_by=row[1],
        channel=row[2],
        message=row[3],
        audio_url=row[4],
        variables=from_json(row[5]),
        voice=row[6],
        language=row[7],
        caller_id=row[8],
        keys=keys_from_json(row[9]),
        due_at=from_ms_or_none(row[10]),
        retries=row[11],
        retry_delay=timedelta(seconds=row[12]),
        retry_on=results_from_json(row[13]),
        goal=row[14],
    )
