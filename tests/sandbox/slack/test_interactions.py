"""Buttons, menus, shortcuts, events and response_urls through a real Bolt app."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import NotPossible, SlackServer, Workspace
from bot.sandbox.slack.messages import Message
from tests.sandbox.slack.conftest import MANIFEST
from tests.sandbox.slack.echo_app import EchoApp
from tests.sandbox.slack.payload_parts import (
    Body,
    actions,
    button,
    home,
    mrkdwn,
    option,
    plain,
    section,
)

CONFIRM: Body = {
    "title": plain("Sure?"),
    "text": mrkdwn("Really"),
    "confirm": plain("Yes"),
    "deny": plain("No"),
}
MENU: Body = {"type": "overflow", "options": [option("details", "Details"), option("log", "Log")]}


async def posted(slack: SlackServer, web: AsyncWebClient, *blocks: Body) -> Message:
    """A message of the app in #general."""
    ts = (await web.chat_postMessage(channel="C0GENERAL", text="card", blocks=blocks))["ts"]
    message = slack.workspace.messages.find("C0GENERAL", ts)
    assert message is not None
    return message


async def respond(url: str, **payload: Any) -> int:
    """Use a response_url; the HTTP status."""
    async with aiohttp.ClientSession() as session, session.post(url, json=payload) as answer:
        return answer.status


async def test_a_button_is_pressed_by_its_text(
    slack: SlackServer, echo: EchoApp, web: AsyncWebClient
) -> None:
    """The action carries ids, value, message, channel and who it was."""
    card = await posted(slack, web, section(), actions(button("stop", "Stop it", value="c1")))
    exchange = await slack.user("priya").click(card, "Stop it")
    assert exchange is not None
    assert exchange.error is None
    sent = echo.heard[-1]
    assert (sent["actions"][0]["action_id"], sent["actions"][0]["value"]) == ("stop", "c1")
    assert (sent["user"]["id"], sent["channel"]["id"]) == ("U0PRIYA", "C0GENERAL")
    assert sent["message"]["ts"] == sent["container"]["message_ts"] == card.ts
    with pytest.raises(LookupError, match="Stop it"):
        await slack.user("priya").click(card, "Nothing")


async def test_a_denied_confirmation_sends_nothing(
    slack: SlackServer, echo: EchoApp, web: AsyncWebClient
) -> None:
    """The confirm dialog stands between the button and the app."""
    card = await posted(slack, web, actions(button(confirm=CONFIRM)))
    assert await slack.user("ben").click(card, "press", confirms=False) is None
    assert echo.heard == []
    assert await slack.user("ben").click(card, "press") is not None
    assert len(echo.heard) == 1


async def test_menus_of_a_message_send_what_was_chosen(
    slack: SlackServer, echo: EchoApp, web: AsyncWebClient
) -> None:
    """Overflow by text, select by value; the state holds the selected option."""
    pick: Body = {"type": "static_select", "action_id": "pick", "options": [option(), option("b")]}
    card = await posted(slack, web, section(accessory=MENU), actions(pick, block_id="row"))
    await slack.user("ben").overflow(card, "Log")
    assert echo.heard[-1]["actions"][0]["selected_option"]["value"] == "log"
    await slack.user("ben").pick(card, "pick", "b")
    sent = echo.heard[-1]
    assert sent["state"]["values"]["row"]["pick"]["selected_option"]["value"] == "b"
    with pytest.raises(NotPossible):
        await slack.user("ben").overflow(card, "Elsewhere")


async def test_an_ephemeral_message_can_be_used_by_its_reader_alone(
    slack: SlackServer, echo: EchoApp
) -> None:
    """Its interaction carries no message, and replacing it works through the response_url."""
    echo.answer = {"text": "Sure?", "blocks": [actions(button("yes", "Yes"))]}
    await slack.user("ben").command("/echo")
    (asked,) = slack.workspace.messages.of("C0GENERAL")
    with pytest.raises(NotPossible):
        await slack.user("ana").click(asked, "Yes")
    await slack.user("ben").click(asked, "Yes")
    sent = echo.heard[-1]
    assert sent["container"]["is_ephemeral"] is True
    assert "message" not in sent
    assert await respond(sent["response_url"], text="Done", replace_original=True) == 200
    assert (asked.text, asked.blocks) == ("Done", [])
    assert await respond(sent["response_url"], delete_original=True) == 200
    assert slack.workspace.messages.of("C0GENERAL") == []


async def test_a_response_url_works_where_the_bot_is_no_member_five_times(
    slack: SlackServer, echo: EchoApp
) -> None:
    """Ephemeral by default, in_channel on request, refused at the sixth use."""
    await slack.user("ben").command("/echo", channel="owners")
    url = echo.heard[0]["response_url"]
    assert await respond(url, text="psst") == 200
    assert await respond(url, text="hello all", response_type="in_channel") == 200
    messages = slack.workspace.messages.of("C0OWNERS")
    assert [(m.text, m.only_for) for m in messages] == [("psst", "U0BEN"), ("hello all", None)]
    assert await respond(url) == 400
    assert [await respond(url, text="more") for _ in range(4)] == [200, 200, 200, 404]


async def test_a_response_url_dies_after_thirty_minutes(
    slack: SlackServer, echo: EchoApp, clock: PushedClock
) -> None:
    """Late answers need chat.postMessage."""
    await slack.user("ben").command("/echo")
    await clock.advance(30 * 60 + 1)
    assert await respond(echo.heard[0]["response_url"], text="late") == 404


async def test_unknown_commands_never_reach_the_app(slack: SlackServer, echo: EchoApp) -> None:
    """Slackbot says that there is no such command."""
    assert await slack.user("ben").command("/sing") is None
    (note,) = slack.workspace.messages.of("C0GENERAL")
    assert (note.user_id, note.text) == ("USLACKBOT", "/sing is not a valid command.")
    assert echo.heard == []


async def test_an_answer_that_slack_refuses_is_an_error_for_the_person(
    slack: SlackServer, echo: EchoApp
) -> None:
    """An acknowledgement with bad blocks is not shown."""
    echo.answer = {"text": "x", "blocks": [section("")]}
    exchange = await slack.user("ben").command("/echo")
    assert exchange is not None
    assert exchange.error == "invalid_blocks"


async def test_a_phone_curls_quotes_and_some_clients_link_numbers(
    slack: SlackServer, echo: EchoApp
) -> None:
    """The app gets what the clients make of it."""
    typed = '+14155550123 "it\'s ready"'
    await slack.user("ben").command("/echo", typed, on_a_phone=True, links_numbers=True)
    assert echo.heard[0]["text"] == "<tel:+14155550123|+14155550123> “it’s ready”"


async def test_shortcuts_are_those_of_the_manifest(
    slack: SlackServer, echo: EchoApp, web: AsyncWebClient
) -> None:
    """A message shortcut knows its message and channel, a global one knows neither."""
    ben = slack.user("ben")
    said = ben.say("general", "Table 5 is ready")
    await ben.message_shortcut(said, "echo_message")
    assert echo.heard[-1]["message"]["text"] == "Table 5 is ready"
    assert echo.heard[-1]["channel"]["id"] == "C0GENERAL"
    await ben.global_shortcut("echo_new")
    assert echo.heard[-1]["type"] == "shortcut"
    assert "channel" not in echo.heard[-1]
    with pytest.raises(NotPossible):
        await ben.global_shortcut("echo_message")


async def test_events_come_only_when_subscribed_and_present(
    slack: SlackServer, echo: EchoApp
) -> None:
    """A mention, a direct message and Home are heard; talk and channels without the bot are not."""
    ben = slack.user("ben")
    ben.say("general", "just talking")
    ben.mention_bot("kitchen", "not a member here")
    ben.mention_bot("front-desk", "hello & <welcome>")
    ben.dm("hi")
    ben.open_home()
    ben.invite_bot("kitchen")
    await slack.workspace.until(lambda: len(echo.heard) == 4)
    heard = {body["event"]["type"]: body["event"] for body in echo.heard}
    assert set(heard) == {"app_mention", "message", "app_home_opened", "member_joined_channel"}
    assert heard["app_mention"]["text"] == "<@U0ROBOCALL> hello &amp; &lt;welcome&gt;"
    assert heard["message"]["channel_type"] == "im"
    assert heard["app_home_opened"]["tab"] == "home"


async def test_a_home_button_has_no_channel_and_no_response_url(
    slack: SlackServer, echo: EchoApp, web: AsyncWebClient
) -> None:
    """Home answers with forms, messages or a new Home."""
    view = home(actions(button("new", "New")))
    await web.views_publish(user_id="U0BEN", view=view)
    published = slack.user("ben").open_home()
    assert published is not None
    await slack.user("ben").click(published, "New")
    sent = next(body for body in echo.heard if body["type"] == "block_actions")
    assert sent["view"]["type"] == "home"
    assert not {"channel", "response_url", "message"} & set(sent)


async def test_people_see_and_do_only_what_is_theirs(slack: SlackServer) -> None:
    """Private channels, archived channels and a switched-off Messages tab refuse."""
    slack.workspace.channel("office").members.discard("U0BEN")
    with pytest.raises(NotPossible):
        slack.user("ben").say("office", "hello")
    slack.workspace.channel("general").is_archived = True
    with pytest.raises(NotPossible):
        slack.user("ben").say("general", "hello")
    with pytest.raises(KeyError):
        slack.user("nobody")


async def test_a_manifest_that_switches_things_off_is_obeyed(clock: PushedClock) -> None:
    """Without interactivity and tabs nothing is delivered, and Home is not enabled."""
    manifest = {
        **MANIFEST,
        "features": {"bot_user": {"display_name": "Echo"}},
        "settings": {"interactivity": {"is_enabled": False}},
    }
    server = SlackServer(Workspace(manifest, clock=clock))
    await server.start()
    web = AsyncWebClient(token=server.bot_token, base_url=server.api_url)
    card = await posted(server, web, actions(button()))
    with pytest.raises(NotPossible, match="interactive"):
        await server.user("ben").click(card, "press")
    with pytest.raises(NotPossible, match="turned off"):
        server.user("ben").dm("hello")
    answer = await web.api_call("auth.test")
    assert answer["ok"]
    with pytest.raises(Exception, match="not_enabled"):
        await web.views_publish(user_id="U0BEN", view=home())
    await server.close()
