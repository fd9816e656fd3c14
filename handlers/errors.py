"""The edge of every listener: a time limit, and an answer a person understands."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
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
Refuse = Callable[[AsyncAck, str], Awaitable[BoltResponse]]


async def refuse_command(ack: AsyncAck, why: str) -> BoltResponse:
    """A command is answered with a sentence."""
    return await ack(why)


async def refuse_press(ack: AsyncAck, _: str) -> BoltResponse:
    """A button has no answer but the one by response_url; the card shows that nothing moved."""
    return await ack()


def refuse_form(field: str) -> Refuse:
    """A form stays open, with the sentence under its first field."""

    async def refuse(ack: AsyncAck, why: str) -> BoltResponse:
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
            await refuse(ack, TOO_SLOW if isinstance(error, TimeoutError) else NOT_SAVED)

    return run


async def unexpected(error: Exception) -> BoltResponse:
    """What no listener expected: logged without its words, and Slack is told to try again."""
    log.error("listener.failed", error=type(error).__name__, exc_info=False)
    return BoltResponse(status=500, body="")
