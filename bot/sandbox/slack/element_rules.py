"""The rules of block elements and composition objects (slack-facts 2.3): pure checks, by type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.slack.checks import (
    Check,
    anything,
    boolean,
    by_type,
    choice,
    fields,
    identifier,
    integer,
    list_of,
    plain_text,
    problem,
    string,
    url,
)
from bot.sandbox.slack.option_rules import (
    CONFIRM,
    MAX_OPTIONS,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    PLAIN_OPTION,
    RICH_OPTION,
    flat_options,
)

MAX_CHOICES = 10
MAX_INPUT = 3000
MAX_FILES = 10

_DATE = string(most=10, pattern=r"\d{4}-\d{2}-\d{2}", shape="a date like 2026-11-23")
_TIME = string(most=5, pattern=r"([01]\d|2[0-3]):[0-5]\d", shape="a time like 18:30")
_NUMBER = string(most=40, pattern=r"-?\d+(\.\d+)?", shape="a number in a string")
_SLACK_ID = string(most=40, pattern=r"[A-Z][A-Z0-9]+", shape="an id like C0123ABC")

_dispatch_config: Check = fields(
    {"trigger_actions_on": list_of(choice("on_enter_pressed", "on_character_entered"), most=2)}
)
_conversation_filter: Check = fields(
    {},
    {
        "include": list_of(choice("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)


def _options_or_groups(value: dict[str, Any], pointer: str) -> Iterator[str]:
    if bool(value.get("options")) == bool(value.get("option_groups")):
        yield problem(pointer, "must provide exactly one of: options, option_groups")


def _initial_is_an_option(value: dict[str, Any], pointer: str) -> Iterator[str]:
    single = value.get("initial_option")
    chosen = [single] if single is not None else value.get("initial_options") or []
    values = {option["value"] for option in flat_options(value)}
    for option in chosen:
        if option["value"] not in values:
            yield problem(pointer, "initial options must be among the options")


def _lengths_fit(value: dict[str, Any], pointer: str) -> Iterator[str]:
    least, most = value.get("min_length"), value.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield problem(pointer, "min_length must not exceed max_length")
    initial = value.get("initial_value")
    if isinstance(initial, str) and isinstance(most, int) and len(initial) > most:
        yield problem(f"{pointer}/initial_value", f"must be less than {most + 1} characters")


def _numbers_fit(value: dict[str, Any], pointer: str) -> Iterator[str]:
    least = float(value.get("min_value") or "-inf")
    most = float(value.get("max_value") or "inf")
    initial = value.get("initial_value")
    if least > most:
        yield problem(pointer, "min_value must not exceed max_value")
    elif initial and not least <= float(initial) <= most:
        yield problem(f"{pointer}/initial_value", "must be within min_value and max_value")


def _element(required: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    shared: dict[str, Check] = {"action_id": identifier, "focus_on_load": boolean}
    return fields({"type": anything, **required}, {**shared, **optional})


_placeholder: dict[str, Check] = {"placeholder": plain_text(150)}
_asked: dict[str, Check] = {"confirm": CONFIRM, **_placeholder}
_many: dict[str, Check] = {"max_selected_items": integer(least=1, most=MAX_OPTIONS)}
_in_input: dict[str, Check] = {"dispatch_action_config": _dispatch_config}
_listed: dict[str, Check] = {
    "options": list_of(PLAIN_OPTION, most=MAX_OPTIONS),
    "option_groups": list_of(OPTION_GROUP, most=MAX_OPTIONS),
}
_filtered: dict[str, Check] = {
    "filter": _conversation_filter,
    "default_to_current_conversation": boolean,
}
_query: dict[str, Check] = {"min_query_length": integer(least=0, most=MAX_INPUT)}
_ids = list_of(_SLACK_ID, most=MAX_OPTIONS)


def _then(shape: Check, *rules: Check) -> Check:
    """Rules over several keys, asked only when the shape of each key is right."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        found = list(shape(value, pointer))
        yield from found
        for rule in rules if not found else ():
            yield from rule(value, pointer)

    return check


def _choices(optional: Mapping[str, Check]) -> Check:
    options = {"options": list_of(RICH_OPTION, most=MAX_CHOICES)}
    return _then(_element(options, {"confirm": CONFIRM, **optional}), _initial_is_an_option)


def _static(optional: Mapping[str, Check]) -> Check:
    shape = _element({}, {**_asked, **_listed, **optional})
    return _then(shape, _options_or_groups, _initial_is_an_option)


def _conversations(optional: Mapping[str, Check]) -> Check:
    return _element({}, {**_asked, **_filtered, "initial_conversation": _SLACK_ID, **optional})


def _channels(optional: Mapping[str, Check]) -> Check:
    return _element({}, {**_asked, "initial_channel": _SLACK_ID, **optional})


def _has_source(value: dict[str, Any], pointer: str) -> Iterator[str]:
    if bool(value.get("image_url")) == bool(value.get("slack_file")):
        yield problem(pointer, "must provide exactly one of: image_url, slack_file")


BUTTON: Check = fields(
    {"type": anything, "text": plain_text(75)},
    {
        "action_id": identifier,
        "url": url,
        "value": string(most=2000),
        "style": choice("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(most=75),
    },
)
SLACK_FILE: Check = fields({}, {"id": _SLACK_ID, "url": url})
IMAGE: Check = _then(
    fields(
        {"type": anything, "alt_text": string(most=2000)},
        {"image_url": url, "slack_file": SLACK_FILE},
    ),
    _has_source,
)
SELECTS: dict[str, Check] = {
    "static_select": _static({"initial_option": PLAIN_OPTION}),
    "external_select": _element({}, {**_asked, **_query, "initial_option": PLAIN_OPTION}),
    "users_select": _element({}, {**_asked, "initial_user": _SLACK_ID}),
    "conversations_select": _conversations({}),
    "channels_select": _channels({}),
}
MULTI_SELECTS: dict[str, Check] = {
    "multi_static_select": _static(
        {**_many, "initial_options": list_of(PLAIN_OPTION, most=MAX_OPTIONS)}
    ),
    "multi_external_select": _element(
        {},
        {
            **_asked,
            **_query,
            **_many,
            "initial_options": list_of(PLAIN_OPTION, most=MAX_OPTIONS),
        },
    ),
    "multi_users_select": _element({}, {**_asked, **_many, "initial_users": _ids}),
    "multi_conversations_select": _element(
        {}, {**_asked, **_many, **_filtered, "initial_conversations": _ids}
    ),
    "multi_channels_select": _element({}, {**_asked, **_many, "initial_channels": _ids}),
}
PICKERS: dict[str, Check] = {
    "checkboxes": _choices({"initial_options": list_of(RICH_OPTION, most=MAX_CHOICES)}),
    "radio_buttons": _choices({"initial_option": RICH_OPTION}),
    "datepicker": _element({}, {**_asked, "initial_date": _DATE}),
    "timepicker": _element({}, {**_asked, "initial_time": _TIME, "timezone": string(most=60)}),
}
DATETIMEPICKER: Check = _element(
    {},
    {"confirm": CONFIRM, "initial_date_time": integer(least=1_000_000_000, most=9_999_999_999)},
)
OVERFLOW: Check = fields(
    {"type": anything, "options": list_of(OVERFLOW_OPTION, most=5)},
    {"action_id": identifier, "confirm": CONFIRM},
)
TYPED: dict[str, Check] = {
    "plain_text_input": _then(
        _element(
            {},
            {
                **_placeholder,
                **_in_input,
                "initial_value": string(most=MAX_INPUT, least=0),
                "multiline": boolean,
                "min_length": integer(least=0, most=MAX_INPUT),
                "max_length": integer(least=1, most=MAX_INPUT),
            },
        ),
        _lengths_fit,
    ),
    "email_text_input": _element(
        {}, {**_placeholder, **_in_input, "initial_value": string(most=MAX_INPUT, least=0)}
    ),
    "url_text_input": _element(
        {}, {**_placeholder, **_in_input, "initial_value": string(most=MAX_INPUT, least=0)}
    ),
    "number_input": _then(
        _element(
            {"is_decimal_allowed": boolean},
            {
                **_placeholder,
                **_in_input,
                "initial_value": _NUMBER,
                "min_value": _NUMBER,
                "max_value": _NUMBER,
            },
        ),
        _numbers_fit,
    ),
    "rich_text_input": fields(
        {"type": anything, "action_id": identifier},
        {
            **_placeholder,
            **_in_input,
            "focus_on_load": boolean,
            "initial_value": anything,
            "min_lines": integer(least=1, most=100),
            "max_lines": integer(least=1, most=100),
        },
    ),
}
FILE_INPUT: Check = fields(
    {"type": anything},
    {
        "action_id": identifier,
        "filetypes": list_of(string(most=20), most=100),
        "max_files": integer(least=1, most=MAX_FILES),
    },
)

# Which element Slack takes where.
IN_SECTION: Check = by_type(
    {"button": BUTTON, "image": IMAGE, "overflow": OVERFLOW, **SELECTS, **MULTI_SELECTS, **PICKERS}
)
IN_ACTIONS: Check = by_type(
    {
        "button": BUTTON,
        "overflow": OVERFLOW,
        "datetimepicker": DATETIMEPICKER,
        **SELECTS,
        **PICKERS,
    }
)


def in_input(surface: str) -> Check:
    """The element of an input block: files and response urls only in a modal."""
    kinds = {**SELECTS, **MULTI_SELECTS, **PICKERS, **TYPED, "datetimepicker": DATETIMEPICKER}
    if surface == "modal":
        kinds["conversations_select"] = _conversations({"response_url_enabled": boolean})
        kinds["channels_select"] = _channels({"response_url_enabled": boolean})
        kinds["file_input"] = FILE_INPUT
    return by_type(kinds)
