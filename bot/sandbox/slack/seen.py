"""All that one person sees of the workspace, as JSON values."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.channels import Channel
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import BOT_USER_ID, TEAM_NAME, Person
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace


def seen_by(workspace: Workspace, person: Person) -> dict[str, Any]:
    """Channels with their messages, the open forms, the Home tab; nothing meant for others."""
    now = workspace.clock.now()
    home = workspace.views.home(person.user_id)
    visible = [c for c in workspace.channels.values() if c.is_seen_by(person.user_id)]
    return {
        "version": workspace.version,
        "now": now.isoformat(),
        "team": TEAM_NAME,
        "me": person.to_user(now, include_locale=True),
        "people": [p.to_user(now) for p in workspace.people.values()],
        "bot_user_id": BOT_USER_ID,
        "commands": list(workspace.manifest.commands.values()),
        "shortcuts": list(workspace.manifest.shortcuts.values()),
        "has_home": workspace.manifest.has_home,
        "channels": [_channel(workspace, channel, person) for channel in visible],
        "forms": [_view(view) for view in workspace.views.stack(person.user_id)],
        "home": _view(home) if home is not None else None,
    }


def _channel(workspace: Workspace, channel: Channel, person: Person) -> dict[str, Any]:
    messages = workspace.messages.of(channel.channel_id)
    return {
        **channel.to_conversation(),
        "kind": channel.kind,
        "members": sorted(channel.members),
        "messages": [_message(m) for m in messages if m.is_seen_by(person.user_id)],
    }


def _message(message: Message) -> dict[str, Any]:
    return {**message.to_api(), "is_ephemeral": message.only_for is not None}


def _view(view: View) -> dict[str, Any]:
    return {**view.to_api(), "errors": view.errors}
