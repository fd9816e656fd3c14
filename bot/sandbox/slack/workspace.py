"""The embedded workspace: who is there, what was said, which forms are open, what was exchanged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from bot.sandbox.clock import Clock
from bot.sandbox.slack.channels import Channel, default_channels
from bot.sandbox.slack.files import Files
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.messages import Message, Messages
from bot.sandbox.slack.people import (
    BOT_USER_ID,
    SLACKBOT_ID,
    Person,
    default_people,
)
from bot.sandbox.slack.traffic import Exchange
from bot.sandbox.slack.triggers import Triggers
from bot.sandbox.slack.views import Views

T = TypeVar("T")

KEPT_EXCHANGES = 2000


class Workspace:
    """All state of one local Slack workspace with one app installed.

    Plain data and lookups: nothing here talks to the network. Every change is announced, so that
    `until` needs no sleeping.
    """

    def __init__(
        self,
        manifest: Mapping[str, Any],
        *,
        clock: Clock,
        people: Sequence[Person] | None = None,
        grant_optional: bool = True,
    ) -> None:
        """Set the workspace up for the app of `manifest` (a manifest as YAML gives it)."""
        self.clock = clock
        self.manifest = Manifest.read(manifest, grant_optional=grant_optional)
        humans = tuple(people) if people is not None else default_people()
        self.people = {person.user_id: person for person in (*humans, *self._machines())}
        self.channels = {c.channel_id: c for c in default_channels(p.user_id for p in humans)}
        self.messages = Messages()
        self.views = Views()
        self.files = Files()
        self.triggers = Triggers(clock)
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT_EXCHANGES)
        self.version = 0
        self._exchange_count = 0
        self._change = asyncio.Event()

    def _machines(self) -> tuple[Person, Person]:
        name = self.manifest.bot_name or "app"
        handle = name.lower().replace(" ", "-")
        return (
            Person(user_id=BOT_USER_ID, name=handle, real_name=name, is_bot=True),
            Person(user_id=SLACKBOT_ID, name="slackbot", real_name="Slackbot", is_bot=True),
        )

    @property
    def humans(self) -> list[Person]:
        """The people one can act as."""
        return [person for person in self.people.values() if not person.is_bot]

    def person(self, who: str) -> Person:
        """A person by id, @name or real name; `KeyError` when there is none."""
        wanted = who.removeprefix("@").lower()
        for person in self.people.values():
            if wanted in {person.user_id.lower(), person.name, person.real_name.lower()}:
                return person
        raise KeyError(who)

    def channel(self, which: str) -> Channel:
        """A conversation by id, name or #name; `KeyError` when there is none."""
        if which in self.channels:
            return self.channels[which]
        for channel in self.channels.values():
            if channel.name == which.removeprefix("#") and not channel.is_im:
                return channel
        raise KeyError(which)

    def direct(self, user_id: str, other_id: str = BOT_USER_ID) -> Channel:
        """The direct messages of two people, opened at the first need."""
        pair = {user_id, other_id}
        for channel in self.channels.values():
            if channel.is_im and channel.members == pair:
                return channel
        first, second = (member.removeprefix("U0") for member in sorted(pair))
        channel = Channel(channel_id=f"D0{first}{second}", name="", is_im=True, members=pair)
        self.channels[channel.channel_id] = channel
        self.changed()
        return channel

    def post(
        self, channel_id: str, user_id: str, content: Mapping[str, Any], **parts: Any
    ) -> Message:
        """Write a message: text, blocks and attachments, and other fields of `Message`."""
        ts = self.messages.next_ts(self.clock.now())
        message = Message(channel_id=channel_id, user_id=user_id, ts=ts, **parts)
        message.show({"text": "", "blocks": [], "attachments": [], **content})
        self.messages.add(message)
        self.changed()
        return message

    def record(self, direction: str, name: str, request: dict[str, Any]) -> Exchange:
        """Begin to record an exchange; `answered` ends it."""
        self._exchange_count += 1
        exchange = Exchange(
            number=self._exchange_count,
            direction=direction,
            name=name,
            request=request,
            sent_at=self.clock.now(),
        )
        self.exchanges.append(exchange)
        self.changed()
        return exchange

    def answered(
        self, exchange: Exchange, answer: dict[str, Any] | None, *, error: str | None = None
    ) -> None:
        """Record what came back, or the error because of which nothing usable did."""
        exchange.answered_at = self.clock.now() if answer is not None else None
        exchange.answer = answer
        exchange.error = error
        self.changed()

    def changed(self) -> None:
        """Announce that something changed: everybody in `until` looks again."""
        self.version += 1
        announced, self._change = self._change, asyncio.Event()
        announced.set()

    async def until(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """What `predicate` returns once it is truthy, asked again after every change.

        `timeout` is in real seconds and only bounds a failure: then `TimeoutError`.
        """
        async with asyncio.timeout(timeout):
            while not (found := predicate()):
                await self._change.wait()
            return found
