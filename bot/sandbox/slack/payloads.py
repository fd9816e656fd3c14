"""The payloads Slack sends for commands and interactions: pure builders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.slack.channels import Channel
from bot.sandbox.slack.deliveries import VERIFICATION_TOKEN
from bot.sandbox.slack.form_values import initial_value, is_stateful, value_key
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import APP_ID, TEAM_DOMAIN, TEAM_ID, Person
from bot.sandbox.slack.views import View


def _common(kind: str, person: Person) -> dict[str, Any]:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": {
            "id": person.user_id,
            "username": person.name,
            "name": person.name,
            "team_id": TEAM_ID,
        },
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _channel(channel: Channel) -> dict[str, Any]:
    return {"id": channel.channel_id, "name": channel.command_name}


def command_fields(
    person: Person, channel: Channel, *, command: str, text: str, trigger_id: str, response_url: str
) -> dict[str, Any]:
    """The form fields of a slash command; all of them are text."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.channel_id,
        "channel_name": channel.command_name,
        "user_id": person.user_id,
        "user_name": person.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def action(
    block: Mapping[str, Any],
    element: Mapping[str, Any],
    *,
    action_ts: str,
    value: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """One entry of `actions`: which element, and what it holds now."""
    found: dict[str, Any] = {
        "type": element["type"],
        "block_id": block["block_id"],
        "action_id": element["action_id"],
        "action_ts": action_ts,
    }
    copied = {name: element[name] for name in ("text", "value", "style", "url") if name in element}
    return {**found, **copied, **(value or {})}


def message_state(message: Message, acted: Mapping[str, Any]) -> dict[str, Any]:
    """`state` of a message: the value of every stateful element, the used one as it is now."""
    values: dict[str, dict[str, Any]] = {}
    for block, element in message.usable():
        if is_stateful(element):
            place = values.setdefault(block["block_id"], {})
            used = (acted["block_id"], acted["action_id"])
            key = value_key(element["type"])
            held = initial_value(element)
            if used == (block["block_id"], element["action_id"]) and key in acted:
                held = {"type": element["type"], key: acted[key]}
            place[element["action_id"]] = held
    return {"values": values}


def message_actions(
    person: Person,
    channel: Channel,
    *,
    message: Message,
    acted: dict[str, Any],
    trigger_id: str,
    response_url: str,
) -> dict[str, Any]:
    """block_actions from a message; an ephemeral message itself is not included."""
    is_ephemeral = message.only_for is not None
    container = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.channel_id,
        "is_ephemeral": is_ephemeral,
        **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
    }
    return {
        **_common("block_actions", person),
        "container": container,
        "trigger_id": trigger_id,
        "channel": _channel(channel),
        **({} if is_ephemeral else {"message": message.to_api()}),
        "state": message_state(message, acted),
        "response_url": response_url,
        "actions": [acted],
    }


def view_actions(
    person: Person, view: View, *, acted: dict[str, Any], trigger_id: str
) -> dict[str, Any]:
    """block_actions from a modal or Home: no channel and no response_url (slack-facts 2.5)."""
    shown = view.to_api()
    return {
        **_common("block_actions", person),
        "container": {"type": "view", "view_id": view.view_id},
        "trigger_id": trigger_id,
        "view": shown,
        "actions": [acted],
    }


def view_submission(
    person: Person, view: View, *, trigger_id: str, response_urls: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A submitted form, with its complete state."""
    return {
        **_common("view_submission", person),
        "trigger_id": trigger_id,
        "view": view.to_api(),
        "response_urls": list(response_urls),
    }


def view_closed(person: Person, view: View, *, is_cleared: bool) -> dict[str, Any]:
    """A form that was closed without submitting it."""
    return {
        **_common("view_closed", person),
        "view": view.to_api(),
        "is_cleared": is_cleared,
    }


def global_shortcut(
    person: Person, callback_id: str, *, trigger_id: str, action_ts: str
) -> dict[str, Any]:
    """A shortcut from the composer: no channel."""
    return {
        **_common("shortcut", person),
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "action_ts": action_ts,
    }


def message_shortcut(
    person: Person,
    channel: Channel,
    *,
    callback_id: str,
    message: Message,
    trigger_id: str,
    response_url: str,
    action_ts: str,
) -> dict[str, Any]:
    """A shortcut from a message's menu."""
    return {
        **_common("message_action", person),
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "action_ts": action_ts,
        "message_ts": message.ts,
        "channel": _channel(channel),
        "message": message.to_api(),
        "response_url": response_url,
    }
