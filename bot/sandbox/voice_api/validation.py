"""From the JSON of a request to `CallRequest`, field by field as in the contract's table.

Where the contract is silent this service is strict: a parameter it does not name is refused, and
so is null. A batch takes only what its documented example shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.voice_api import fields
from bot.sandbox.voice_api.errors import bad_field
from bot.sandbox.voice_api.models import CallRequest, KeyAction, Keypad
from bot.sandbox.voice_api.templating import fill

Reader = Callable[[object, str], Any]

# A month, in minutes; the contract names no maximum.
_LONGEST_RETRY_DELAY = 31 * 24 * 60

CALL_PARAMETERS: Mapping[str, Reader] = {
    "phone_number": fields.phone_number,
    "message": fields.text,
    "audio_url": fields.web_url,
    "voice": fields.text,
    "caller_id": fields.text,
    "language": fields.language,
    "retry_count": fields.integer(0, 3),
    "retry_delay": fields.integer(0, _LONGEST_RETRY_DELAY),
    "callback_url": fields.web_url,
    "schedule_at": fields.moment,
    "variables": fields.scalars,
    "dtmf_config": fields.mapping,
}
KEYPAD_PARAMETERS: Mapping[str, Reader] = {
    "enabled": fields.boolean,
    "timeout": fields.integer(1, 60),
    "max_digits": fields.integer(1, 20),
    "actions": fields.mapping,
}
ACTION_PARAMETERS: Mapping[str, Reader] = {
    "action": fields.text,
    "url": fields.web_url,
    "response_message": fields.text,
}
BATCH_SHARED = ("voice", "callback_url")
BATCH_ITEM = ("phone_number", "message", "variables")


def read_call(body: object) -> CallRequest:
    """The request of `POST /call`; raises `ApiError` (400) with the field to blame."""
    return _call(_members(body, CALL_PARAMETERS))


def read_batch(body: object) -> tuple[CallRequest, ...]:
    """The requests of `POST /call/batch`, in order; raises `ApiError` (400)."""
    readers = {name: CALL_PARAMETERS[name] for name in BATCH_SHARED}
    shared = _members(body, {"calls": _items, **readers})
    items: list[object] = _required(shared, "calls")
    del shared["calls"]
    return tuple(_batch_item(item, shared, f"calls.{place}.") for place, item in enumerate(items))


def _batch_item(item: object, shared: Mapping[str, Any], prefix: str) -> CallRequest:
    readers = {name: CALL_PARAMETERS[name] for name in BATCH_ITEM}
    return _call({**shared, **_members(item, readers, prefix)}, prefix)


def _items(value: object, field: str) -> list[object]:
    if not isinstance(value, list):
        raise bad_field(field, f"{field} must be an array")
    if not value:
        raise bad_field(field, f"{field} must hold at least one call")
    return value


def _members(body: object, readers: Mapping[str, Reader], prefix: str = "") -> dict[str, Any]:
    where = prefix.rstrip(".") or "body"
    members = fields.mapping(body, where)
    fields.only(readers, members, prefix)
    return {name: readers[name](value, prefix + name) for name, value in members.items()}


def _required(members: Mapping[str, Any], name: str, prefix: str = "") -> Any:
    if name not in members:
        raise bad_field(prefix + name, f"{prefix}{name} is required", code="missing_parameter")
    return members[name]


def _call(members: dict[str, Any], prefix: str = "") -> CallRequest:
    _required(members, "phone_number", prefix)
    _exactly_one_of(members, prefix)
    variables = members.pop("variables", {})
    if "message" in members:
        members["message"] = fill(members["message"], variables, field=f"{prefix}message")
    if "dtmf_config" in members:
        members["keypad"] = _keypad(members.pop("dtmf_config"), variables)
    return CallRequest(**members)


def _exactly_one_of(members: Mapping[str, Any], prefix: str) -> None:
    given = [name for name in ("message", "audio_url") if name in members]
    why = "either message or audio_url is required, but not both"
    if not given:
        raise bad_field(f"{prefix}message", why, code="missing_parameter")
    if len(given) > 1:
        raise bad_field(f"{prefix}audio_url", why, code="conflicting_parameters")


def _keypad(body: Mapping[str, object], variables: Mapping[str, str]) -> Keypad:
    members = _members(body, KEYPAD_PARAMETERS, "dtmf_config.")
    _required(members, "enabled", "dtmf_config.")
    actions = members.pop("actions", {})
    longest = members.get("max_digits", 1)
    members["actions"] = {
        _digits(digits, longest): _action(action, variables, f"dtmf_config.actions.{digits}.")
        for digits, action in actions.items()
    }
    return Keypad(**members)


def _digits(digits: str, longest: int) -> str:
    if not re.fullmatch(r"[0-9*#]+", digits) or len(digits) > longest:
        field = f"dtmf_config.actions.{digits}"
        raise bad_field(field, f"{field}: at most max_digits of the keys 0-9, * and #")
    return digits


def _action(body: object, variables: Mapping[str, str], prefix: str) -> KeyAction:
    members = _members(body, ACTION_PARAMETERS, prefix)
    if _required(members, "action", prefix) != "webhook":
        raise bad_field(f"{prefix}action", f"{prefix}action must be webhook")
    reply = members.get("response_message")
    if reply is not None:
        reply = fill(reply, variables, field=f"{prefix}response_message")
    return KeyAction(url=_required(members, "url", prefix), response_message=reply)
