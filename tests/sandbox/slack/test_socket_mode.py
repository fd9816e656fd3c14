"""Deliveries to a real Bolt app over Socket Mode."""

from __future__ import annotations

import asyncio
from functools import partial

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
