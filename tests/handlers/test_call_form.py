from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.draft import CallDraft
from handlers.call_form import draft_from_view, split_variables


def view_of(**inputs: dict[str, Any]) -> dict[str, Any]:
    """A view as Slack sends it: each block has one input, called `value`."""
    return {"state": {"values": {name: {"value": element} for name, element in inputs.items()}}}


def text(value: str | None) -> dict[str, Any]:
    """A text input."""
    return {"type": "plain_text_input", "value": value}


def option(value: str) -> dict[str, Any]:
    """A chosen option."""
    return {"text": {"type": "plain_text", "text": value.title()}, "value": value}


def test_every_field_is_read() -> None:
    """Each kind of input has its own way to hold a value."""
    view = view_of(
        to={"type": "plain_text_input", "value": "+1 415 555 0123"},
        say={"type": "radio_buttons", "selected_option": option("text")},
        message=text("Hello {{name}}"),
        audio_url={"type": "url_text_input", "value": "https://example.com/a.mp3"},
        variables=text("name=Ann\njunk"),
        voice=text("en-female-1"),
        language=text("en"),
        caller_id=text("+14155550199"),
        when={"type": "datetimepicker", "selected_date_time": 1795510800},
        retries={"type": "static_select", "selected_option": option("2")},
        retry_delay={"type": "number_input", "value": "10"},
        retry_on={"type": "checkboxes", "selected_options": [option("busy"), option("failed")]},
        keypad=text("1 Confirm: Thank you!\n\n2 Cancel\n"),
        goal={"type": "static_select", "selected_option": option("any_key")},
        post={"type": "conversations_select", "selected_conversation": "C0123"},
    )
    assert draft_from_view(view) == CallDraft(
        to="+1 415 555 0123",
        say="text",
        message="Hello {{name}}",
        audio_url="https://example.com/a.mp3",
        variables={"name": "Ann"},
        bad_variables=("junk",),
        voice="en-female-1",
        language="en",
        caller_id="+14155550199",
        when=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
        retries="2",
        retry_delay="10",
        retry_on=("busy", "failed"),
        keypad=("1 Confirm: Thank you!", "2 Cancel"),
        goal="any_key",
        post="C0123",
    )


@pytest.mark.parametrize("view", [{}, {"state": {}}, {"state": {"values": {}}}])
def test_an_absent_field_is_empty(view: dict[str, Any]) -> None:
    """Fields that are not on screen are not in the state."""
    assert draft_from_view(view) == CallDraft()


def test_an_empty_field_is_empty() -> None:
    """Slack sends null for what nobody filled in; no ticked box is an answer of its own."""
    view = view_of(
        to=text(None),
        say={"type": "radio_buttons", "selected_option": None},
        when={"type": "datetimepicker", "selected_date_time": None},
        retry_on={"type": "checkboxes", "selected_options": []},
        goal={"type": "static_select", "selected_option": None},
        post={"type": "conversations_select", "selected_conversation": None},
    )
    view["state"]["values"]["voice"] = {}
    assert draft_from_view(view) == CallDraft(retry_on=())


def test_both_scripts_are_kept_and_the_choice_is_told() -> None:
    """Choosing the recording must not lose the message that was typed before."""
    view = view_of(
        say={"type": "radio_buttons", "selected_option": option("audio")},
        message=text("Hello"),
        audio_url=text("https://example.com/a.mp3"),
    )
    draft = draft_from_view(view)
    assert (draft.say, draft.message, draft.audio_url) == (
        "audio", "Hello", "https://example.com/a.mp3",
    )  # fmt: skip


def test_an_unknown_choice_is_none() -> None:
    """Only text and audio can be said."""
    assert draft_from_view(view_of(say={"selected_option": option("sing")})).say == ""


@pytest.mark.parametrize(
    ("lines", "variables", "bad"),
    [
        ("", {}, ()),
        ("name=Ann\n\n  time = 2:30 PM  ", {"name": "Ann", "time": "2:30 PM"}, ()),
        ("url=https://example.com/?a=b", {"url": "https://example.com/?a=b"}, ()),
        ("name=", {"name": ""}, ()),
        (" Ann Lee \n=x\nfirst name=Ann", {}, ("Ann Lee", "=x", "first name=Ann")),
        ("name=Ann\nname=Lee", {"name": "Ann"}, ("name=Lee",)),
    ],
)
def test_variables_are_lines(lines: str, variables: dict[str, str], bad: tuple[str, ...]) -> None:
    """One per line; what is none, or comes again, is kept for the answer."""
    assert split_variables(lines) == (variables, bad)
