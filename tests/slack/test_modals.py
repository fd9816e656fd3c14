from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.draft import CallDraft
from bot.slack import ids
from bot.slack.modals import call_form, form_channel
from tests.slack.examples import NOW
from tests.slack.looks import looks_like, slack_takes_view

INDIA = ZoneInfo("Asia/Kolkata")
FULL = CallDraft(
    to="+1 415 555 0123",
    say="text",
    message="Hello {{name}}, press 2.",
    variables={"name": "Ann"},
    bad_variables=("nonsense",),
    voice="en-female-1",
    language="en",
    caller_id="+14155550100",
    when=NOW + timedelta(days=1),
    retries="2",
    retry_delay="10",
    retry_on=("failed",),
    keypad=("1 Confirm: Thanks!", "3 No"),
    goal="1",
    post="C0DESK",
)


def form(draft: CallDraft, zone: ZoneInfo | None = INDIA) -> dict[str, Any]:
    """The form, accepted by Slack."""
    return slack_takes_view(call_form(draft, channel="C0DESK", zone=zone))


def elements(view: dict[str, Any]) -> dict[str, Any]:
    """The input elements by the name of their field."""
    return {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}


def test_the_form_has_the_fields_of_the_design() -> None:
    """callback_id, block_ids and action_id are what others rely on (design 3.5)."""
    view = form(CallDraft())
    assert view["callback_id"] == "call_form"
    assert [block["block_id"] for block in view["blocks"]] == [
        *("to", "say", "message", "preview", "variables", "keypad", "goal"),
        *("when", "retries", "retry_delay", "retry_on", "voice", "language", "caller_id", "post"),
    ]
    assert {element["action_id"] for element in elements(view).values()} == {"value"}
    looks_like("form_empty", view)


def test_an_empty_form_has_the_defaults_of_the_contract() -> None:
    """No retry, five minutes, busy and no answer, answered counts, current conversation."""
    fields = elements(form(CallDraft()))
    assert fields["say"]["initial_option"]["value"] == "text"
    assert fields["retries"]["initial_option"]["value"] == "0"
    assert fields["retry_delay"]["initial_value"] == "5"
    assert [each["value"] for each in fields["retry_on"]["initial_options"]] == [
        "busy",
        "no_answer",
    ]
    assert fields["goal"]["initial_option"]["value"] == "answered"
    assert fields["post"]["default_to_current_conversation"] is True
    assert fields["post"]["response_url_enabled"] is True
    assert "initial_date_time" not in fields["when"]


def test_a_draft_fills_the_form() -> None:
    """What was on the line, or in the form before, is there to be mended."""
    fields = elements(form(FULL))
    assert fields["to"]["initial_value"] == "+1 415 555 0123"
    assert fields["variables"]["initial_value"] == "name=Ann\nnonsense"
    assert fields["keypad"]["initial_value"] == "1 Confirm: Thanks!\n3 No"
    assert fields["when"]["initial_date_time"] == int((NOW + timedelta(days=1)).timestamp())
    assert fields["retries"]["initial_option"]["value"] == "2"
    assert fields["goal"]["initial_option"]["value"] == "1"
    assert [each["value"] for each in fields["retry_on"]["initial_options"]] == ["failed"]
    assert fields["post"]["initial_conversation"] == "C0DESK"
    looks_like("form_full", form(FULL))


def test_a_recording_shows_its_address_in_place_of_the_message() -> None:
    """Chosen with the radio buttons, which tell us at once."""
    view = form(CallDraft(say="audio", audio_url="https://example.com/a.mp3"))
    names = [block["block_id"] for block in view["blocks"]]
    assert "audio_url" in names
    assert not {"message", "preview"} & set(names)
    say = next(block for block in view["blocks"] if block["block_id"] == "say")
    assert say["dispatch_action"] is True


def test_the_message_tells_us_of_every_character() -> None:
    """So that the preview can follow."""
    view = form(CallDraft())
    for name in ("message", "variables", "keypad"):
        block = next(block for block in view["blocks"] if block["block_id"] == name)
        assert block["dispatch_action"] is True
        assert block["element"]["dispatch_action_config"] == {
            "trigger_actions_on": ["on_character_entered"]
        }


def test_the_preview_is_what_they_will_hear() -> None:
    """Filled in, with length, seconds and hints, in a block whose id never changes."""
    preview = next(block for block in form(FULL)["blocks"] if block["block_id"] == ids.PREVIEW)
    words = str(preview)
    assert "Hello Ann, press 2." in words
    assert "(19 characters, about 2 seconds)" in words
    assert "key 2 is not defined" in words


def test_a_preview_without_hints_has_no_list() -> None:
    """An empty list would be refused by Slack."""
    preview = next(
        block
        for block in form(CallDraft(message="Hello."))["blocks"]
        if block["block_id"] == "preview"
    )
    kinds = [element["type"] for element in preview["elements"]]
    assert kinds == ["rich_text_section", "rich_text_quote"]


def test_the_zone_of_times_is_named() -> None:
    """The picker shows the person's own zone; the hint says which that is."""
    when = next(block for block in form(CallDraft())["blocks"] if block["block_id"] == "when")
    assert when["hint"]["text"] == "In your own time zone (Asia/Kolkata). Empty: now"
    nowhere = next(b for b in form(CallDraft(), None)["blocks"] if b["block_id"] == "when")
    assert nowhere["hint"]["text"] == "In your own time zone. Empty: now"


def test_impossible_values_do_not_break_the_form() -> None:
    """Whatever was typed on the line, Slack must take the view."""
    draft = CallDraft(
        say="text",
        message="&" * 9000,
        retries="9",
        retry_delay="soon",
        goal="fame",
        retry_on=(),
        when="tomorrow 9:00",
        voice="v" * 500,
    )
    fields = elements(form(draft))
    assert fields["retries"]["initial_option"]["value"] == "0"
    assert "initial_value" not in fields["retry_delay"]
    assert "initial_options" not in fields["retry_on"]
    assert len(fields["message"]["initial_value"]) == 3000


@pytest.mark.parametrize(
    ("metadata", "channel"),
    [('{"channel": "C0DESK"}', "C0DESK"), ("", ""), ("{", ""), ("[]", "")],
)
def test_the_channel_travels_in_the_form(metadata: str, channel: str) -> None:
    """A submit has no channel of its own; junk reads as none."""
    assert form_channel({"private_metadata": metadata}) == channel
    assert form_channel(form(CallDraft())) == "C0DESK"
