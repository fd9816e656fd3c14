"""The events Slack tells an app about, without their envelope: pure."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.channels import Channel
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import BOT_USER_ID, TEAM_ID


def message_event(message: Message, channel: Channel) -> dict[str, Any]:
    """Somebody wrote a message."""
    return {
        **message.to_api(),
        "channel": channel.channel_id,
        "channel_type": channel.event_type,
        "event_ts": message.ts,
    }


def mention_event(message: Message) -> dict[str, Any]:
    """Somebody wrote @app."""
    said = message.to_api()
    return {**said, "type": "app_mention", "channel": message.channel_id, "event_ts": message.ts}


def home_opened_event(
    user_id: str, channel_id: str, *, tab: str, view: dict[str, Any] | None
) -> dict[str, Any]:
    """Somebody opened the app's Home or Messages tab."""
    event = {"type": "app_home_opened", "user": user_id, "channel": channel_id, "tab": tab}
    return {**event, "view": view} if view else event


def member_joined_event(channel: Channel, user_id: str, *, inviter: str = "") -> dict[str, Any]:
    """Somebody, perhaps the app itself, came into a channel."""
    event = {
        "type": "member_joined_channel",
        "user": user_id,
        "channel": channel.channel_id,
        "channel_type": "G" if channel.is_private else "C",
        "team": TEAM_ID,
    }
    return {**event, "inviter": inviter} if inviter else event


def mentions_bot(text: str) -> bool:
    """Whether a message, as it is stored, mentions the app."""
    return f"<@{BOT_USER_ID}" in text
