"""What a form element holds: its initial value, a person's input, the client's own objections.

The values have the shape of `view.state.values[block_id][action_id]` (slack-facts 2.4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.sandbox.slack.option_rules import flat_options

_KEYS: dict[str, str] = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "file_input": "files",
}
_EMPTY: tuple[Any, ...] = (None, "", [])
_SHAPES = {
    "email_text_input": (r"[^@\s]+@[^@\s]+\.[^@\s]+", "Enter a valid email address"),
    "url_text_input": (r"https?://\S+", "Enter a valid URL"),
}


def value_key(kind: str) -> str:
    """The key under which that type of element keeps its value."""
    return _KEYS[kind]


def is_stateful(element: Mapping[str, Any]) -> bool:
    """Whether the element holds a value (a button does not)."""
    return element.get("type") in _KEYS


def initial_value(element: Mapping[str, Any], origin: str | None = None) -> dict[str, Any]:
    """The untouched value; `origin` is the conversation in which the form was opened."""
    kind = element["type"]
    key = _KEYS[kind]
    several = key.endswith("s") and key != "files"
    name = key.replace("selected_", "initial_") if "selected_" in key else "initial_value"
    value: Any = element.get(name)
    if value is None and element.get("default_to_current_conversation") and origin:
        value = [origin] if several else origin
    if value is None and (several or kind == "file_input"):
        value = []
    return {"type": kind, key: value}


def value_from(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """The value that a person's input makes.

    Options are given by value or by text; dates and times as text; a moment as unix seconds or as
    an aware datetime; people, channels and files by id; None and "" empty the element. Raises
    `LookupError` for an option that is not offered.
    """
    kind = element["type"]
    key = _KEYS[kind]
    if given in _EMPTY:
        return {"type": kind, key: [] if key.endswith("s") else None}
    if key == "selected_option":
        return {"type": kind, key: _option(element, given)}
    if key == "selected_options":
        return {"type": kind, key: [_option(element, one) for one in given]}
    if kind == "datetimepicker":
        given = int(given.timestamp()) if isinstance(given, datetime) else int(given)
    elif kind == "rich_text_input":
        leaf = {"type": "text", "text": given}
        section = {"type": "rich_text_section", "elements": [leaf]}
        given = {"type": "rich_text", "elements": [section]}
    elif key == "value":
        given = str(given)
    return {"type": kind, key: given}


def _option(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    offered = flat_options(element)
    for option in offered:
        if given in {option.get("value"), option["text"]["text"]}:
            return option
    if element["type"].endswith("external_select") and isinstance(given, dict):
        return given
    message = f"no option {given!r}, only {[option['value'] for option in offered]}"
    raise LookupError(message)


def objection(block: Mapping[str, Any], value: Mapping[str, Any]) -> str | None:
    """What Slack's own client says about an input before anything is sent, or None."""
    element = block["element"]
    held = value[_KEYS[element["type"]]]
    if held in _EMPTY:
        return None if block.get("optional") else "Please complete this required field."
    kind = element["type"]
    if kind == "plain_text_input":
        return _length_objection(element, held)
    if kind == "number_input":
        return _number_objection(element, held)
    if kind in _SHAPES:
        pattern, words = _SHAPES[kind]
        return None if re.fullmatch(pattern, held) else words
    most = element.get("max_selected_items") or element.get("max_files")
    if most and isinstance(held, list) and len(held) > most:
        return f"Choose at most {most}."
    return None


def _length_objection(element: Mapping[str, Any], held: str) -> str | None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(held) < least:
        return f"Must be at least {least} characters."
    return f"Must be at most {most} characters." if len(held) > most else None


def _number_objection(element: Mapping[str, Any], held: str) -> str | None:
    whole = not element.get("is_decimal_allowed")
    if not re.fullmatch(r"-?\d+" if whole else r"-?\d+(\.\d+)?", held):
        return "Enter a whole number." if whole else "Enter a number."
    least, most = element.get("min_value"), element.get("max_value")
    if least is not None and float(held) < float(least):
        return f"Must be {least} or more."
    if most is not None and float(held) > float(most):
        return f"Must be {most} or less."
    return None
