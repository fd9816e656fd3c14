"""What everything a person does has in common: who, where, and the way to the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.channels import Channel
from bot.sandbox.slack.deliveries import Deliveries, Envelope
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import SLACKBOT_ID, Person
from bot.sandbox.slack.response_urls import ResponseUrls
from bot.sandbox.slack.traffic import Exchange
from bot.sandbox.slack.workspace import Workspace


class NotPossible(Exception):
    """Slack's client does not let this person do that; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Seat:
    """A person in front of Slack."""

    person: Person
    workspace: Workspace
    deliveries: Deliveries
    response_urls: ResponseUrls

    @property
    def user_id(self) -> str:
        """The person's id."""
        return self.person.user_id

    def channel(self, which: str) -> Channel:
        """A conversation by id, name or, for direct messages, @name; it must be visible."""
        if which.startswith("@"):
            other = self.workspace.person(which)
            return self.workspace.direct(self.user_id, other.user_id)
        channel = self.workspace.channel(which)
        if not channel.is_seen_by(self.user_id):
            message = f"{self.person.real_name} does not see {which}"
            raise NotPossible(message)
        return channel

    def stamp(self) -> str:
        """The moment of an action, unique like a message's ts."""
        return self.workspace.messages.next_ts(self.workspace.clock.now())

    def note(self, channel_id: str, text: str) -> Message:
        """Slackbot tells this person alone that something did not work."""
        return self.workspace.post(channel_id, SLACKBOT_ID, {"text": text}, only_for=self.user_id)

    async def interact(self, payload: Mapping[str, Any]) -> Exchange:
        """Deliver an interaction; refused when the manifest switches interactivity off."""
        if not self.workspace.manifest.is_interactive:
            message = "This app is not configured to handle interactive responses."
            raise NotPossible(message)
        envelope = Envelope(kind="interactive", payload=dict(payload))
        return await self.deliveries.deliver(envelope, name=str(payload["type"]))
