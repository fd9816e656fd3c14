"""Deliveries to a real Bolt app over Socket Mode."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import SlackServer
from bot.sandbox.slack.messages import Message
from tests.sandbox.slack.echo_app import EchoApp


def texts(slack: SlackServer, channel_id: str, reader: str) -> list[str]:
    """What that person reads in the channel, ephemeral messages included."""
    messages = slack.workspace.messages.of(channel_id)
    return [m.text for m in messages if m.is_seen_by(reader)]


def heard_times(echo: EchoApp, count: int) -> bool:
    """Whether that many payloads have come."""
    return len(echo.heard) >= count


async def test_a_command_is_answered_to_the_person_alone(slack: SlackServer, echo: EchoApp) -> None:
    """The text of the acknowledgement is an ephemeral message."""
    echo.answer = {"text": "hello"}
    exchange = await slack.user("ben").command("/echo", "hello", "front-desk")
    assert exchange is not None
    assert exchange.error is None
    assert texts(slack, "C0FRONTDESK", "U0BEN") == ["hello"]
    assert texts(slack, "C0FRONTDESK", "U0ANA") == []
    assert echo.heard[0]["channel_name"] == "front-desk"


async def test_should_escape_turns_names_and_links_into_references(
    slack: SlackServer, echo: EchoApp
) -> None:
    """What the person types arrives as Slack's clients write it."""
    typed = "@priya in #general <b> & https://example.com/a?b=1&c=2."
    await slack.user("ben").command("/echo", typed)
    await slack.user("ben").command("/raw", typed)
    assert echo.heard[0]["text"] == (
        "<@U0PRIYA|priya> in <#C0GENERAL|general> &lt;b&gt; &amp; "
        "<https://example.com/a?b=1&amp;c=2>."
    )
    assert echo.heard[1]["text"] == typed


async def test_a_silent_app_gives_operation_timeout_after_three_seconds(
    slack: SlackServer, echo: EchoApp, clock: PushedClock
) -> None:
    """The person is told, and only after the three seconds."""
    echo.is_silent = True
    typing = asyncio.ensure_future(slack.user("ben").command("/echo"))
    await slack.workspace.until(lambda: echo.heard or None)
    await clock.advance(2.9)
    assert not typing.done()
    await clock.advance(0.2)
    exchange = await typing
    assert exchange is not None
    assert exchange.error == "operation_timeout"
    assert 'failed with the error "operation_timeout"' in texts(slack, "C0GENERAL", "U0BEN")[0]


async def test_an_event_that_fails_comes_again_at_once_and_after_one_and_five_minutes(
    slack: SlackServer, echo: EchoApp, clock: PushedClock
) -> None:
    """Unacknowledged events are redelivered three times, with the retry number."""
    echo.fails_events = 4
    message: Message = slack.user("ben").mention_bot("general", "are you there?")
    for attempts, pause in enumerate((3.0, 63.0, 303.0, 900.0), start=1):
        await slack.workspace.until(partial(heard_times, echo, attempts))
        await clock.advance(pause)
    assert [body["event"]["ts"] for body in echo.heard] == [message.ts] * 4
    assert len({body["event_id"] for body in echo.heard}) == 1
    assert echo.retries == [["0"], ["1"], ["2"], ["3"]]


async def test_without_a_connection_a_command_fails_at_once(slack: SlackServer) -> None:
    """Nobody is there to deliver to."""
    exchange = await slack.user("ben").command("/echo")
    assert exchange is not None
    assert exchange.error == "dispatch_failed"


async def test_hello_and_a_ticket_that_works_once(slack: SlackServer, web: AsyncWebClient) -> None:
    """The socket greets with its debug_info; its ticket is used up."""
    answer = await web.apps_connections_open(app_token=slack.app_token)
    url: str = answer["url"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url) as socket:
            hello = await socket.receive_json()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    assert hello["debug_info"]["approximate_connection_time"] == 3600


async def test_a_dead_ticket_is_refused_and_the_next_one_works(
    slack: SlackServer, web: AsyncWebClient
) -> None:
    """What makes the SDK try the same URL for ever."""
    slack.sockets.kill_next_tickets()
    dead = await web.apps_connections_open(app_token=slack.app_token)
    alive = await web.apps_connections_open(app_token=slack.app_token)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(dead["url"])
        async with session.ws_connect(alive["url"]) as socket:
            assert (await socket.receive_json())["type"] == "hello"


async def test_a_refresh_brings_the_app_back_by_itself(slack: SlackServer, echo: EchoApp) -> None:
    """disconnect with refresh_requested: Bolt opens a new connection and goes on."""
    hellos = len([e for e in slack.workspace.exchanges if e.name == "apps.connections.open"])
    await slack.sockets.refresh()
    await slack.workspace.until(lambda: slack.sockets.connection_count == 1)
    opened = [e for e in slack.workspace.exchanges if e.name == "apps.connections.open"]
    assert len(opened) == hellos + 1
    exchange = await slack.user("ben").command("/echo")
    assert exchange is not None
    assert exchange.error is None


async def test_a_dropped_socket_is_noticed(slack: SlackServer, web: AsyncWebClient) -> None:
    """The connection is cut without a closing word."""
    answer = await web.apps_connections_open(app_token=slack.app_token)
    async with aiohttp.ClientSession() as session, session.ws_connect(answer["url"]) as socket:
        await socket.receive_json()
        slack.sockets.drop()
        message = await socket.receive()
        await slack.workspace.until(lambda: slack.sockets.connection_count == 0)
    assert message.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}


async def test_an_eleventh_connection_is_sent_away(slack: SlackServer, web: AsyncWebClient) -> None:
    """Ten connections per app; and what is no acknowledgement is ignored."""
    slack_answers = []
    async with aiohttp.ClientSession() as session, AsyncExitStack() as sockets:
        for _ in range(11):
            url = slack.sockets.issue_url(slack.base_url)
            socket = await sockets.enter_async_context(session.ws_connect(url))
            await socket.send_str("not an acknowledgement")
            slack_answers.append((await socket.receive_json())["type"])
    assert slack_answers == ["hello"] * 10 + ["disconnect"]


async def test_payloads_take_turns_between_connections(slack: SlackServer, echo: EchoApp) -> None:
    """Two connections share the load; each payload goes to one of them."""
    url = slack.sockets.issue_url(slack.base_url)
    kinds = []
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await socket.receive_json()
        slack.user("ben").mention_bot("general", "one")
        slack.user("ben").mention_bot("general", "two")
        envelope = await socket.receive_json()
        kinds.append(envelope["type"])
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        await slack.workspace.until(lambda: len(echo.heard) == 1)
    assert kinds == ["events_api"]
