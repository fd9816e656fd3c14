"""From the service's values to the JSON of the contract."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from bot.sandbox.voice_api.errors import ApiError
from bot.sandbox.voice_api.models import Call

Json = dict[str, object]


def stamp(moment: datetime) -> str:
    """A UTC time as the contract writes it: whole seconds and a Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def optional_stamp(moment: datetime | None) -> str | None:
    """The same, or None where there is no time yet."""
    return None if moment is None else stamp(moment)


def parse_json(body: bytes) -> object:
    """The JSON of a request; raises `ApiError` (400)."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_not_json)
    except (ValueError, RecursionError):
        why = "the body is not valid JSON in UTF-8"
        raise ApiError(status=400, code="invalid_json", message=why) from None


def _not_json(word: str) -> NoReturn:
    raise ValueError(word)


def accepted(call: Call, estimated_start: datetime) -> Json:
    """The answer to `POST /call`."""
    answer: Json = {"status": "success", "call_id": call.call_id}
    if call.request.schedule_at is not None:
        at = stamp(call.request.schedule_at)
        return {**answer, "message": "Call scheduled", "scheduled_at": at}
    start = stamp(estimated_start)
    return {
        **answer,
        "message": "Call queued",
        "scheduled_at": None,
        "estimated_start": start,
    }


def batch_accepted(batch_id: str, calls: Sequence[Call]) -> Json:
    """The answer to `POST /call/batch`."""
    items = [
        {"call_id": call.call_id, "phone_number": call.request.phone_number, "status": "queued"}
        for call in calls
    ]
    return {"status": "success", "batch_id": batch_id, "total_calls": len(items), "calls": items}


def described(call: Call) -> Json:
    """The answer to `GET /call/{call_id}`; null where there is nothing to say yet."""
    return {
        "call_id": call.call_id,
        "status": call.status.value,
        "phone_number": call.request.phone_number,
        "duration": call.duration,
        "created_at": stamp(call.created_at),
        "started_at": optional_stamp(call.started_at),
        "ended_at": optional_stamp(call.ended_at),
        "dtmf_input": call.dtmf_input,
        "call_result": None if call.result is None else call.result.value,
    }


def cancelled(call: Call) -> Json:
    """The answer to `DELETE /call/{call_id}`."""
    return {"status": "success", "message": "Call cancelled", "call_id": call.call_id}


def answered_event(call: Call, now: datetime) -> Json:
    """The webhook `robo_call.answered`."""
    return {
        "event": "robo_call.answered",
        "call_id": call.call_id,
        "phone_number": call.request.phone_number,
        "timestamp": stamp(now),
    }


def dtmf_event(call: Call, digit: str, now: datetime) -> Json:
    """The webhook `robo_call.dtmf`, which has no phone_number in the contract."""
    return {
        "event": "robo_call.dtmf",
        "call_id": call.call_id,
        "digit": digit,
        "timestamp": stamp(now),
    }


def completed_event(call: Call, now: datetime) -> Json:
    """The webhook `robo_call.completed`."""
    return {
        "event": "robo_call.completed",
        "call_id": call.call_id,
        "phone_number": call.request.phone_number,
        "duration": call.duration,
        "result": None if call.result is None else call.result.value,
        "dtmf_input": call.dtmf_input,
        "timestamp": stamp(now),
    }


def key_action(call: Call, digit: str, now: datetime) -> Json:
    """The body that is posted to the url of a keypad action; the contract leaves it open."""
    return {
        "call_id": call.call_id,
        "phone_number": call.request.phone_number,
        "digit": digit,
        "timestamp": stamp(now),
    }
