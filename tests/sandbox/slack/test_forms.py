"""Forms through a real Bolt app: opening, typing, submitting, errors, stacks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import NotPossible, SlackServer, render_view
from bot.sandbox.slack.views import View
from tests.sandbox.slack.echo_app import EchoApp
from tests.sandbox.slack.payload_parts import (
    Body,
    actions,
    button,
    field,
    modal,
    option,
    plain,
    section,
)

TROUBLE = "We had some trouble connecting. Try again?"
CHOICE: Body = {
    "type": "radio_buttons",
    "options": [option("text", "Speak a text"), option("audio", "Play a recording")],
    "initial_option": option("text", "Speak a text"),
}


async def opened(slack: SlackServer, echo: EchoApp, *blocks: Body, **more: Any) -> View:
    """Ben types /echo in #front-desk and gets a form with these blocks."""
    echo.view = modal(*blocks, **more)
    await slack.user("ben").command("/echo", channel="front-desk")
    return await slack.user("ben").form_named("form")


async def test_a_submit_carries_the_complete_state(slack: SlackServer, echo: EchoApp) -> None:
    """Typed, initial and untouched values are all there, and the empty answer closes the form."""
    view = await opened(
        slack,
        echo,
        field("to"),
        field("say", CHOICE),
        field("retries", {"type": "number_input", "is_decimal_allowed": False}, optional=True),
        field("post", {"type": "conversations_select", "default_to_current_conversation": True}),
        field("opt", {"type": "checkboxes", "options": [option("offer")]}, optional=True),
        field("when", {"type": "datetimepicker"}, optional=True),
        private_metadata="m1",
    )
    result = await slack.user("ben").submit(view, {"to": "+14155550123", "opt": ["offer"]})
    assert result.is_closed
    assert slack.workspace.views.top("U0BEN") is None
    sent = echo.heard[-1]
    values = {block_id: held["value"] for block_id, held in sent["view"]["state"]["values"].items()}
    assert values == {
        "to": {"type": "plain_text_input", "value": "+14155550123"},
        "say": {"type": "radio_buttons", "selected_option": CHOICE["initial_option"]},
        "retries": {"type": "number_input", "value": None},
        "post": {"type": "conversations_select", "selected_conversation": "C0FRONTDESK"},
        "opt": {"type": "checkboxes", "selected_options": [option("offer")]},
        "when": {"type": "datetimepicker", "selected_date_time": None},
    }
    assert sent["view"]["private_metadata"] == "m1"
    assert "channel" not in sent


OBJECTIONS: dict[str, tuple[Body, Any, str]] = {
    "required": ({"type": "plain_text_input"}, "", "Please complete this required field."),
    "too long": ({"type": "plain_text_input", "max_length": 3}, "abcd", "at most 3 characters"),
    "too short": ({"type": "plain_text_input", "min_length": 3}, "ab", "at least 3 characters"),
    "not a number": ({"type": "number_input", "is_decimal_allowed": True}, "x", "a number"),
    "not whole": ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "a whole number"),
    "below": (
        {"type": "number_input", "is_decimal_allowed": False, "min_value": "0"},
        "-1",
        "0 or more",
    ),
    "above": (
        {"type": "number_input", "is_decimal_allowed": False, "max_value": "3"},
        9,
        "3 or less",
    ),
    "mail": ({"type": "email_text_input"}, "ana", "valid email"),
    "url": ({"type": "url_text_input"}, "example", "valid URL"),
    "too many": (
        {"type": "multi_users_select", "max_selected_items": 1},
        ["ana", "ben"],
        "at most 1",
    ),
}


@pytest.mark.parametrize("case", OBJECTIONS.values(), ids=OBJECTIONS)
async def test_the_client_objects_before_anything_is_sent(
    slack: SlackServer, echo: EchoApp, case: tuple[Body, Any, str]
) -> None:
    """What Slack's own client checks never reaches the app."""
    element, given, words = case
    view = await opened(slack, echo, field("a", element))
    result = await slack.user("ben").submit(view, {"a": given})
    assert words in result.errors["a"]
    assert result.exchange is None
    assert len(echo.heard) == 1
    assert view.is_open


async def test_errors_of_the_app_stand_at_their_fields_and_typed_text_stays(
    slack: SlackServer, echo: EchoApp
) -> None:
    """response_action errors keeps the form open as it is."""
    view = await opened(slack, echo, field("to"))
    echo.submit_answer = {"response_action": "errors", "errors": {"to": "Not a number."}}
    result = await slack.user("ben").submit(view, {"to": "hello"})
    assert dict(result.errors) == {"to": "Not a number."}
    shown = render_view(slack.workspace, view)
    assert "[hello]" in shown
    assert "! Not a number." in shown
    echo.submit_answer = {}
    assert (await slack.user("ben").submit(view, {"to": "+14155550123"})).is_closed


BAD_ANSWERS: dict[str, Body] = {
    "unknown error key": {"response_action": "errors", "errors": {"nothing": "Wrong."}},
    "key of a section": {"response_action": "errors", "errors": {"note": "Wrong."}},
    "bad view": {"response_action": "update", "view": modal(field("a", submit=None))},
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
async def test_an_unusable_answer_is_trouble_connecting(
    slack: SlackServer, echo: EchoApp, answer: Body
) -> None:
    """Slack shows its own message and leaves the form as it is."""
    view = await opened(slack, echo, section(block_id="note"), field("a", optional=True))
    echo.submit_answer = answer
    result = await slack.user("ben").submit(view)
    assert result.trouble == TROUBLE
    assert view.is_open
    assert TROUBLE in render_view(slack.workspace, view)


async def test_a_silent_app_is_trouble_connecting_after_three_seconds(
    slack: SlackServer, echo: EchoApp, clock: PushedClock
) -> None:
    """A submit is not delivered twice."""
    view = await opened(slack, echo, field("a", optional=True))
    echo.is_silent = True
    submitting = asyncio.ensure_future(slack.user("ben").submit(view))
    await slack.workspace.until(lambda: len(echo.heard) > 1)
    await clock.advance(3.1)
    result = await submitting
    assert result.trouble == TROUBLE
    assert result.exchange is not None
    assert result.exchange.error == "operation_timeout"


async def test_update_push_and_clear_change_the_stack(slack: SlackServer, echo: EchoApp) -> None:
    """The answer to a submit may show another view, put one on top, or close all."""
    ben = slack.user("ben")
    view = await opened(slack, echo, field("a", optional=True))
    pushed = modal(field("b", optional=True), callback_id="second")
    echo.submit_answer = {"response_action": "push", "view": pushed}
    await ben.submit(view)
    top = ben.form()
    assert (top.callback_id, top.previous_view_id) == ("second", view.view_id)
    changed = modal(section("done"), callback_id="third")
    echo.submit_answer = {"response_action": "update", "view": changed}
    await ben.submit(top)
    assert ben.form().callback_id == "third"
    await ben.close(ben.form())
    assert ben.form() is view
    echo.submit_answer = {"response_action": "clear"}
    await ben.submit(view)
    with pytest.raises(NotPossible):
        ben.form()


async def test_a_trigger_opens_one_form_within_three_seconds(
    slack: SlackServer, echo: EchoApp, web: AsyncWebClient, clock: PushedClock
) -> None:
    """Used, expired and invented trigger ids are told apart."""
    ben = slack.user("ben")
    await ben.command("/echo")
    await ben.command("/echo")
    first, second = (body["trigger_id"] for body in echo.heard)

    async def error_of(trigger_id: str) -> str:
        with pytest.raises(SlackApiError) as caught:
            await web.views_open(trigger_id=trigger_id, view=modal())
        return str(caught.value.response["error"])

    await web.views_open(trigger_id=first, view=modal())
    assert await error_of(first) == "exchanged_trigger_id"
    await clock.advance(3.5)
    assert await error_of(second) == "expired_trigger_id"
    assert await error_of("1.2.3") == "invalid_trigger_id"


async def test_a_button_in_a_form_can_push_up_to_three_views(
    slack: SlackServer, echo: EchoApp, web: AsyncWebClient
) -> None:
    """The fourth view is refused; the trigger of a command pushes nothing."""
    ben = slack.user("ben")
    view = await opened(slack, echo, actions(button("more", "More")))

    async def push() -> None:
        await ben.click(ben.form(), "More")
        trigger_id = echo.heard[-1]["trigger_id"]
        await web.views_push(trigger_id=trigger_id, view=modal(actions(button("more", "More"))))

    await push()
    await push()
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        await push()
    assert slack.workspace.views.stack("U0BEN")[0] is view
    echo.view = None
    await ben.command("/echo")
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        await web.views_push(trigger_id=echo.heard[-1]["trigger_id"], view=modal())


async def test_an_update_keeps_what_was_typed_and_refuses_an_older_hash(
    slack: SlackServer, echo: EchoApp, web: AsyncWebClient
) -> None:
    """Same block_id and action_id: the text stays; another block_id: it starts anew."""
    view = await opened(slack, echo, field("a"), field("b"))
    slack.user("ben").fill(view, {"a": "kept", "b": "lost"})
    before = view.hash
    again = modal(field("a"), field("b2"))
    await web.views_update(view_id=view.view_id, hash=before, view=again)
    assert view.values[("a", "value")]["value"] == "kept"
    assert view.values[("b2", "value")]["value"] is None
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await web.views_update(view_id=view.view_id, hash=before, view=again)
    await slack.user("ben").close(view)
    with pytest.raises(SlackApiError, match="not_found"):
        await web.views_update(view_id=view.view_id, view=again)


async def test_a_field_dispatches_only_when_it_says_so(slack: SlackServer, echo: EchoApp) -> None:
    """dispatch_action and its config decide what is sent while typing."""
    while_typing = {"trigger_actions_on": ["on_character_entered"]}
    typed = {"type": "plain_text_input", "dispatch_action_config": while_typing}
    view = await opened(
        slack,
        echo,
        field("quiet"),
        field("enter", dispatch_action=True),
        field("live", typed, dispatch_action=True),
        field("say", CHOICE, dispatch_action=True),
    )
    ben = slack.user("ben")
    assert await ben.type_in(view, "quiet", "x") is None
    assert await ben.type_in(view, "enter", "x") is None
    assert await ben.type_in(view, "enter", "x", press_enter=True) is not None
    assert await ben.type_in(view, "live", "hello") is not None
    assert await ben.choose(view, "say", "Play a recording") is not None
    sent = [body["actions"][0] for body in echo.heard[1:]]
    assert [action["block_id"] for action in sent] == ["enter", "live", "say"]
    assert sent[1]["value"] == "hello"
    assert sent[2]["selected_option"]["value"] == "audio"
    state = echo.heard[-1]["view"]["state"]["values"]
    assert state["live"]["value"]["value"] == "hello"
    with pytest.raises(LookupError, match="no option 'sing'"):
        await ben.choose(view, "say", "sing")


async def test_closing_is_told_only_to_those_who_asked(slack: SlackServer, echo: EchoApp) -> None:
    """notify_on_close brings view_closed, with is_cleared for the X of the whole stack."""
    ben = slack.user("ben")
    quiet = await opened(slack, echo, section())
    assert await ben.close(quiet) is None
    for whole in (False, True):
        view = await opened(slack, echo, section(), notify_on_close=True)
        assert await ben.close(view, whole_stack=whole) is not None
        assert echo.heard[-1]["type"] == "view_closed"
        assert echo.heard[-1]["is_cleared"] is whole


async def test_a_chosen_conversation_brings_a_response_url(
    slack: SlackServer, echo: EchoApp
) -> None:
    """response_url_enabled lets the app write where it is no member."""
    element = {"type": "conversations_select", "response_url_enabled": True}
    view = await opened(slack, echo, field("post", element), title=plain("Where"))
    await slack.user("ben").submit(view, {"post": "kitchen"})
    (found,) = echo.heard[-1]["response_urls"]
    assert (found["channel_id"], found["block_id"]) == ("C0KITCHEN", "post")
    assert found["response_url"].startswith(slack.base_url)


async def test_a_file_field_holds_the_uploaded_file(slack: SlackServer, echo: EchoApp) -> None:
    """What a person uploads arrives as a file object with its download URL."""
    ben = slack.user("ben")
    view = await opened(slack, echo, field("rows", {"type": "file_input", "max_files": 1}))
    file_id = ben.upload("rows.csv", b"phone\n+14155550123\n")
    await ben.submit(view, {"rows": [file_id]})
    (file,) = echo.heard[-1]["view"]["state"]["values"]["rows"]["value"]["files"]
    assert (file["id"], file["size"]) == (file_id, 19)
    assert file["url_private_download"].startswith(slack.base_url)
