"""What Slack accepts and what it refuses, payload by payload."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.slack.block_rules import check_message, check_view
from tests.sandbox.slack.payload_parts import (
    Body,
    actions,
    button,
    field,
    home,
    message,
    modal,
    mrkdwn,
    option,
    plain,
    section,
)

CONFIRM: Body = {
    "title": plain("Sure?"),
    "text": mrkdwn("*Really*"),
    "confirm": plain("Yes"),
    "deny": plain("No"),
}
TABLE: Body = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
MARKDOWN: Body = {"type": "markdown", "text": "x" * 7000}
RICH: Body = {
    "type": "rich_text",
    "elements": [
        {"type": "rich_text_section", "elements": [{"type": "text", "text": "inert <!here>"}]},
        {
            "type": "rich_text_list",
            "style": "ordered",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0ANA"}]}
            ],
        },
    ],
}


def select(**more: Any) -> Body:
    """A static select with one option."""
    return {"type": "static_select", "action_id": "choose", "options": [option()], **more}


def image(**more: Any) -> Body:
    """An image block."""
    return {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A", **more}


GOOD_MESSAGES = {
    "text only": {"text": "hello"},
    "safe core": message(
        {"type": "header", "text": plain("Title")},
        section(fields=[mrkdwn("*A*\n1")], accessory=button(confirm=CONFIRM)),
        {"type": "divider"},
        {"type": "context", "elements": [mrkdwn("by Ana"), image() | {"type": "image"}]},
        actions(button(style="danger"), select(), {"type": "datepicker", "action_id": "day"}),
        RICH,
        TABLE,
    ),
    "options in groups": message(
        actions(
            {
                "type": "static_select",
                "option_groups": [{"label": plain("G"), "options": [option()]}],
                "initial_option": option(),
            }
        )
    ),
    "fifty blocks": message(*[{"type": "divider"}] * 50),
    "attachment": {"text": "t", "attachments": [{"color": "#2eb886", "blocks": [section()]}]},
    "card": message({"type": "card", "title": mrkdwn("T"), "actions": [button()]}),
    "alternative file": message(image(image_url=None, slack_file={"id": "F012"})),
}
BAD_MESSAGES: dict[str, tuple[Any, str]] = {
    "not an object": ([], "must provide an object [json-pointer:/]"),
    "no fallback text": ({"blocks": [section()]}, "missing required field: text"),
    "long text": ({"text": "x" * 4001}, "must be less than 4001 characters [json-pointer:/text]"),
    "empty text": ({"text": ""}, "must be more than 0 characters"),
    "markdown and text": ({"text": "a", "markdown_text": "b"}, "must not come together"),
    "unknown block": (message({"type": "fancy"}), "unsupported type: fancy"),
    "disputed block": (message({"type": "data_table"}), "unsupported type: data_table"),
    "block without type": (message({}), "missing required field: type"),
    "block that is text": (message("hello"), "must provide an object [json-pointer:/blocks/0]"),  # type: ignore[arg-type]
    "51 blocks": (message(*[{"type": "divider"}] * 51), "no more than 50 items allowed"),
    "long header": (
        message({"type": "header", "text": plain("x" * 151)}),
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    "header in mrkdwn": (message({"type": "header", "text": mrkdwn("x")}), "unsupported type"),
    "long section": (message(section("x" * 3001)), "must be less than 3001"),
    "empty section": (message({"type": "section"}), "must provide one of: text, fields"),
    "long field": (message(section(fields=[mrkdwn("x" * 2001)])), "must be less than 2001"),
    "11 fields": (message(section(fields=[mrkdwn("x")] * 11)), "no more than 10 items"),
    "unknown key": (message(section(colour="red")), "invalid additional property: colour"),
    "emoji in mrkdwn": (
        message({"type": "section", "text": {**mrkdwn("x"), "emoji": True}}),
        "invalid additional property: emoji",
    ),
    "11 in context": (
        message({"type": "context", "elements": [mrkdwn("x")] * 11}),
        "no more than 10 items",
    ),
    "26 buttons": (
        message(actions(*[button(f"b{n}") for n in range(26)])),
        "no more than 25 items",
    ),
    "no elements": (message(actions()), "must contain at least 1 items"),
    "long button": (message(actions(button(text="x" * 76))), "must be less than 76"),
    "long button value": (message(actions(button(value="x" * 2001))), "must be less than 2001"),
    "button in mrkdwn": (
        message(actions({"type": "button", "text": mrkdwn("x")})),
        "unsupported type: mrkdwn",
    ),
    "button style": (message(actions(button(style="green"))), "must be one of: primary, danger"),
    "long action_id": (message(actions(button("x" * 256))), "must be less than 256"),
    "same action_id": (message(actions(button(), button())), "`action_id` press already exists"),
    "same block_id": (
        message(section(block_id="a"), section(block_id="a")),
        "`block_id` a already exists [json-pointer:/blocks/1/block_id]",
    ),
    "confirm without deny": (
        message(actions(button(confirm={**CONFIRM, "deny": None}))),
        "missing required field: deny",
    ),
    "long confirm": (
        message(actions(button(confirm={**CONFIRM, "text": plain("x" * 301)}))),
        "must be less than 301",
    ),
    "overflow of six": (
        message(actions({"type": "overflow", "options": [option(str(n)) for n in range(6)]})),
        "no more than 5 items",
    ),
    "select without options": (
        message(actions({"type": "static_select"})),
        "must provide exactly one of: options, option_groups",
    ),
    "101 options": (
        message(actions(select(options=[option(str(n)) for n in range(101)]))),
        "no more than 100 items",
    ),
    "long option": (
        message(actions(select(options=[option(text="x" * 76)]))),
        "must be less than 76",
    ),
    "long option value": (
        message(actions(select(options=[option("x" * 151)]))),
        "must be less than 151",
    ),
    "foreign initial option": (
        message(actions(select(initial_option=option("z")))),
        "initial options must be among the options",
    ),
    "11 checkboxes": (
        message(actions({"type": "checkboxes", "options": [option(str(n)) for n in range(11)]})),
        "no more than 10 items",
    ),
    "many-select in actions": (
        message(actions({"type": "multi_static_select", "options": [option()]})),
        "unsupported type: multi_static_select",
    ),
    "text field in actions": (
        message(actions({"type": "plain_text_input"})),
        "unsupported type: plain_text_input",
    ),
    "image without alt_text": (
        message({"type": "image", "image_url": "https://example.com/a.png"}),
        "missing required field: alt_text",
    ),
    "image without source": (message(image(image_url=None)), "must provide one of: image_url"),
    "image with bad url": (message(image(image_url="a.png")), "must be a valid URL"),
    "input in a message": (message(field("a")), "unsupported type: input"),
    "alert in a message": (message({"type": "alert", "text": plain("x")}), "unsupported type"),
    "two tables": (message(TABLE, TABLE), "only_one_table_allowed"),
    "wide table": (
        message({"type": "table", "rows": [TABLE["rows"][0] * 21]}),
        "no more than 20 items",
    ),
    "much markdown": (message(MARKDOWN, MARKDOWN), "must be less than 12001 characters in all"),
    "bad leaf": (
        message(
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text"}]}],
            }
        ),
        "missing required field: text [json-pointer:/blocks/0/elements/0/elements/0]",
    ),
    "bad date": (
        message(actions({"type": "datepicker", "initial_date": "23.11.2026"})),
        "must be a date like",
    ),
    "101 attachments": ({"text": "t", "attachments": [{}] * 101}, "no more than 100 items"),
    "bad attachment": (
        {"text": "t", "attachments": [{"blocks": [{"type": "input"}]}]},
        "unsupported type: input [json-pointer:/attachments/0/blocks/0/type]",
    ),
    "eleven cards": (
        message({"type": "carousel", "elements": [{"type": "card", "title": mrkdwn("T")}] * 11}),
        "no more than 10 items",
    ),
    "empty card": (message({"type": "card"}), "must provide one of: hero_image"),
}
NUMBER: Body = {"type": "number_input", "is_decimal_allowed": False}
GOOD_VIEWS = {
    "every input": modal(
        field("to"),
        field("n", {**NUMBER, "min_value": "0", "max_value": "3", "initial_value": "2"}),
        field("say", {"type": "radio_buttons", "options": [option()]}),
        field("opt", {"type": "checkboxes", "options": [option()]}, optional=True),
        field("when", {"type": "datetimepicker", "initial_date_time": 1_800_000_000}),
        field("at", {"type": "timepicker", "initial_time": "18:30", "timezone": "Europe/London"}),
        field(
            "post",
            {
                "type": "conversations_select",
                "default_to_current_conversation": True,
                "response_url_enabled": True,
                "filter": {"include": ["public", "private"]},
            },
        ),
        field("people", {"type": "multi_users_select", "max_selected_items": 3}),
        field("file", {"type": "file_input", "filetypes": ["csv"], "max_files": 1}),
        field("mail", {"type": "email_text_input"}),
        field("web", {"type": "url_text_input"}),
        field("rich", {"type": "rich_text_input"}),
        {"type": "alert", "text": mrkdwn("Mind"), "level": "warning"},
    ),
    "without inputs": {"type": "modal", "title": plain("T"), "blocks": [section()]},
    "hundred blocks": modal(*[{"type": "divider"}] * 100),
    "home": home(section(), actions(button())),
}
BAD_VIEWS: dict[str, tuple[Any, str]] = {
    "message type": ({"type": "message", "blocks": []}, "unsupported type: message"),
    "no title": ({"type": "modal", "blocks": []}, "missing required field: title"),
    "no blocks": ({"type": "modal", "title": plain("T")}, "missing required field: blocks"),
    "long title": (modal(title=plain("x" * 25)), "must be less than 25 characters"),
    "long submit": (modal(submit=plain("x" * 25)), "must be less than 25 characters"),
    "title in mrkdwn": (modal(title=mrkdwn("T")), "unsupported type: mrkdwn"),
    "input without submit": (modal(field("a"), submit=None), "missing required field: submit"),
    "long metadata": (modal(private_metadata="x" * 3001), "must be less than 3001"),
    "long callback_id": (modal(callback_id="x" * 256), "must be less than 256"),
    "101 blocks": (modal(*[{"type": "divider"}] * 101), "no more than 100 items"),
    "too large": (
        modal(*[section("é" * 2900, block_id=str(n)) for n in range(40)]),
        "view_too_large",
    ),
    "table in a modal": (modal(TABLE), "unsupported type: table"),
    "alert in home": (home({"type": "alert", "text": plain("x")}), "unsupported type: alert"),
    "file in home": (home(field("f", {"type": "file_input"})), "unsupported type: file_input"),
    "response_url in home": (
        home(field("c", {"type": "conversations_select", "response_url_enabled": True})),
        "invalid additional property: response_url_enabled",
    ),
    "long label": (modal(field("a", label=plain("x" * 2001))), "must be less than 2001"),
    "input without label": (
        modal({"type": "input", "element": {"type": "plain_text_input"}}),
        "missing required field: label",
    ),
    "button as input": (modal(field("a", button())), "unsupported type: button"),
    "long placeholder": (
        modal(field("a", {"type": "plain_text_input", "placeholder": plain("x" * 151)})),
        "must be less than 151",
    ),
    "huge max_length": (
        modal(field("a", {"type": "plain_text_input", "max_length": 3001})),
        "must be between 1 and 3000",
    ),
    "min over max": (
        modal(field("a", {"type": "plain_text_input", "min_length": 3, "max_length": 2})),
        "min_length must not exceed max_length",
    ),
    "initial over max": (
        modal(field("a", {"type": "plain_text_input", "initial_value": "abc", "max_length": 2})),
        "must be less than 3 characters [json-pointer:/blocks/0/element/initial_value]",
    ),
    "number without decimals said": (
        modal(field("a", {"type": "number_input"})),
        "missing required field: is_decimal_allowed",
    ),
    "number as number": (modal(field("a", {**NUMBER, "min_value": 1})), "must provide a string"),
    "numbers swapped": (
        modal(field("a", {**NUMBER, "min_value": "3", "max_value": "1"})),
        "min_value must not exceed max_value",
    ),
    "initial number outside": (
        modal(field("a", {**NUMBER, "max_value": "1", "initial_value": "2"})),
        "must be within min_value and max_value",
    ),
    "moment in milliseconds": (
        modal(field("a", {"type": "datetimepicker", "initial_date_time": 1_800_000_000_000})),
        "must be between",
    ),
    "11 files": (
        modal(field("a", {"type": "file_input", "max_files": 11})),
        "must be between 1 and 10",
    ),
    "two focused": (
        modal(
            field("a", {"type": "plain_text_input", "focus_on_load": True}),
            field("b", {"type": "plain_text_input", "focus_on_load": True}),
        ),
        "only one element may be focused",
    ),
    "truthy optional": (modal(field("a", optional=1)), "must provide a boolean"),
}


@pytest.mark.parametrize("payload", GOOD_MESSAGES.values(), ids=GOOD_MESSAGES)
def test_a_good_message_has_no_problems(payload: Body) -> None:
    """There are no false alarms."""
    assert check_message(payload) == []


@pytest.mark.parametrize("payload", GOOD_VIEWS.values(), ids=GOOD_VIEWS)
def test_a_good_view_has_no_problems(payload: Body) -> None:
    """There are no false alarms for forms and Home tabs either."""
    assert check_view(payload) == []


@pytest.mark.parametrize(("payload", "words"), BAD_MESSAGES.values(), ids=BAD_MESSAGES)
def test_a_bad_message_is_refused_for_its_reason(payload: Any, words: str) -> None:
    """One seeded mistake gives one problem, the one that was seeded."""
    problems = check_message(payload)
    assert len(problems) == 1, problems
    assert words in problems[0]


@pytest.mark.parametrize(("payload", "words"), BAD_VIEWS.values(), ids=BAD_VIEWS)
def test_a_bad_view_is_refused_for_its_reason(payload: Any, words: str) -> None:
    """One seeded mistake gives one problem, the one that was seeded."""
    problems = check_view(payload)
    assert len(problems) == 1, problems
    assert words in problems[0]
