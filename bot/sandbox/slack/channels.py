"""Conversations of the embedded workspace: public and private channels, direct messages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.people import BOT_USER_ID, TEAM_ID


@dataclass(kw_only=True)
class Channel:
    """A conversation and who is in it."""

    channel_id: str
    name: str
    is_private: bool = False
    is_im: bool = False
    is_archived: bool = False
    members: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        """Slack's name for the type: public_channel, private_channel or im."""
        if self.is_im:
            return "im"
        return "private_channel" if self.is_private else "public_channel"

    @property
    def scope_family(self) -> str:
        """The family of scopes that opens it: channels, groups or im."""
        return {"im": "im", "private_channel": "groups", "public_channel": "channels"}[self.kind]

    @property
    def event_type(self) -> str:
        """The `channel_type` of message events: channel, group or im."""
        return {"im": "im", "private_channel": "group", "public_channel": "channel"}[self.kind]

    @property
    def command_name(self) -> str:
        """The `channel_name` that a slash command carries."""
        return {"im": "directmessage", "private_channel": "privategroup"}.get(self.kind, self.name)

    def is_seen_by(self, user_id: str) -> bool:
        """Whether that user can open the conversation."""
        return user_id in self.members or self.kind == "public_channel"

    def to_conversation(self) -> dict[str, Any]:
        """The conversation object of conversations.info, as the bot sees it."""
        shared: dict[str, Any] = {
            "id": self.channel_id,
            "is_archived": self.is_archived,
            "is_im": self.is_im,
            "is_mpim": False,
            "is_ext_shared": False,
            "is_org_shared": False,
            "context_team_id": TEAM_ID,
        }
        if self.is_im:
            others = sorted(self.members - {BOT_USER_ID})
            return {**shared, "user": others[0], "is_open": True}
        return {
            **shared,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_private": self.is_private,
            "is_general": self.name == "general",
            "is_member": BOT_USER_ID in self.members,
            "num_members": len(self.members),
        }


def default_channels(people: Iterable[str]) -> list[Channel]:
    """The five channels of the demo: with and without the bot, public and private."""
    everybody = set(people)
    with_bot = everybody | {BOT_USER_ID}
    return [
        Channel(channel_id="C0GENERAL", name="general", members=set(with_bot)),
        Channel(channel_id="C0FRONTDESK", name="front-desk", members=set(with_bot)),
        Channel(channel_id="C0KITCHEN", name="kitchen", members=set(everybody)),
        Channel(channel_id="C0OFFICE", name="office", is_private=True, members=set(with_bot)),
        Channel(channel_id="C0OWNERS", name="owners", is_private=True, members=set(everybody)),
    ]
