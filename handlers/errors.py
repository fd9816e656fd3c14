"""The edge of every listener: a time limit, and an answer a person understands."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.response import BoltResponse

from bot.domain.errors import RobocallError
from bot.slack.answers import NOT_SAVED

log = structlog.get_logger(__name__)

LISTENER_SECONDS = 2.5
"""Slack waits three. The store gives up a save after two, so that it says "not saved" first."""

TOO_SLOW = (
    "I could not do that in time. Please look at /robocall list before you try again: it may"
    " have been saved after all."
)

Listener = Callable[..., Awaitable[object]]
Refuse = Callable[[AsyncAck, str, Mapping[str, Any]], Awaitable[BoltResponse]]
"""Acknowledges with the sentence; the mapping is what the listener was given."""


async def refuse_command(ack: AsyncAck, why: str, _: Mapping[str, Any]) -> BoltResponse:
    """A command is answered with a sentence."""
    return await ack(why)


def refuse_press(say: Callable[[str, str], None]) -> Refuse:
    """A button has no answer but the one by its response_url: `say(response_url, sentence)`."""

    async def refuse(ack: AsyncAck, why: str, given: Mapping[str, Any]) -> BoltResponse:
        say(str(given.get("body", {}).get("response_url") or ""), why)
        return await ack()

    return refuse


def refuse_form(field: str) -> Refuse:
    """A form stays open, with the sentence under its first field."""

    async def refuse(ack: AsyncAck, why: str, _: Mapping[str, Any]) -> BoltResponse:
        return await ack(response_action="errors", errors={field: why})

    return refuse


def guarded(listener: Listener, refuse: Refuse) -> Listener:
    """Bound the listener's time; if nothing could be saved, say so instead of nothing.

    `functools.wraps` keeps Bolt's injection of arguments by name. `ack` is always asked for.
    """

    @functools.wraps(listener)
    async def run(ack: AsyncAck, **given: Any) -> None:
        try:
            async with asyncio.timeout(LISTENER_SECONDS):
                await listener(ack=ack, **given)
        except (TimeoutError, RobocallError) as error:
            log.warning("listener.refused", error=type(error).__name__)
            why = TOO_SLOW if isinstance(error, TimeoutError) else NOT_SAVED
            await refuse(ack, why, given)

    return run


async def unexpected(error: Exception) -> BoltResponse:
    """What no listener expected: logged without its words, and Slack is told to try again."""
    log.error("listener.failed", error=type(error).__name__, exc_info=False)
    return BoltResponse(status=500, body="")
