"""The words in which journeys tell of what people type, press and read in Slack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack import render_view
from bot.sandbox.slack.deliveries import Envelope
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import BOT_USER_ID
from bot.sandbox.slack.render import render_thread
from bot.sandbox.slack.traffic import Exchange
from bot.sandbox.slack.views import View
from bot.slack import ids
from tests.support.world import DESK, World

KINDS = {"/robocall": "slash_commands", "block_actions": "interactive"}
"""How Slack delivers what stands under that name among the exchanges; events are the rest."""
KINDS |= dict.fromkeys(("view_submission", "shortcut", "message_action"), "interactive")


# --- forms -----------------------------------------------------------------------------


async def opened(world: World, text: str = "", *, who: str = "ben", channel: str = DESK) -> View:
    """Type `/robocall TEXT`; the form that opens."""
    await world.person(who).command("/robocall", text, channel)
    await world.clock.settle()
    return world.person(who).form()


def shown(world: World, view: View) -> str:
    """A form or Home page as its reader sees it."""
    return render_view(world.workspace, view)


def typed(view: View, field: str) -> str:
    """What stands in a text field of a form."""
    return str(view.values[(field, ids.VALUE)].get("value") or "")


def fields(view: View) -> list[str]:
    """The fields on screen, top down."""
    return [block["block_id"] for block in view.blocks if block["type"] == "input"]


# --- what people read ------------------------------------------------------------------


def whispers(world: World, who: str = "ben") -> list[Message]:
    """The ephemeral messages a person got, oldest first."""
    user_id = world.workspace.person(who).user_id
    return [m for m in world.workspace.messages if m.only_for == user_id]


def direct(world: World, who: str = "ben") -> list[Message]:
    """What the bot wrote to a person in their direct messages, oldest first."""
    place = world.workspace.direct(world.workspace.person(who).user_id).channel_id
    there = world.workspace.messages.of(place)
    return [m for m in there if m.user_id == BOT_USER_ID and not m.only_for]


def reads(world: World, message: Message, who: str = "ben") -> str:
    """A message with its thread, as that person reads it."""
    return render_thread(world.workspace, message.channel_id, message.ts, as_user=who)


# --- what went over the wire -----------------------------------------------------------


def requests(world: World, name: str, direction: str = "from_app") -> list[Exchange]:
    """What the bot asked of Slack by that method; `to_app`: what Slack delivered by that name."""
    return [
        one for one in world.workspace.exchanges if (one.direction, one.name) == (direction, name)
    ]


def delivered(world: World, name: str = "") -> list[Exchange]:
    """What Slack delivered to the bot under that name, or at all."""
    return [
        one
        for one in world.workspace.exchanges
        if one.direction == "to_app" and name in {"", one.name}
    ]


async def redeliver(world: World, exchange: Exchange) -> Exchange:
    """Deliver once more what Slack delivered before."""
    kind = KINDS.get(exchange.name, "events_api")
    envelope = Envelope(
        kind=kind, payload=exchange.request, retry_num=1, retry_reason="http_timeout"
    )
    again = await world.person().deliveries.deliver(envelope, name=exchange.name)
    await world.clock.settle()
    return again


async def taken(world: World) -> None:
    """Wait until the bot has acknowledged every delivery and done what it says."""
    await world.clock.settle()
    await world.workspace.until(
        lambda: all(one.answer is not None or one.error for one in delivered(world))
    )
    await world.clock.settle()


def sent_to_slack(world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything the bot gave Slack: Web API calls, acknowledgements, uses of response_urls."""
    for one in world.workspace.exchanges:
        if one.direction == "to_app":
            yield f"ack of {one.name}", one.answer or {}
        elif one.direction == "response_url":
            yield one.name, one.request["payload"] or {}
        else:
            yield one.name, one.request


def everything_sent(world: World) -> str:
    """All of that as one text."""
    return "\n".join(json.dumps(payload, ensure_ascii=False) for _, payload in sent_to_slack(world))
