"""Answering somebody whose role or zone must be known: at once from memory, else in a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.errors import NotAllowed
from bot.ports import Profile, Tasks
from bot.services.know_people import KnowPeople
from bot.slack.answers import note
from bot.slack.blocks import Message
from bot.slack.directory import zone_named

Respond = Callable[[str, Message], Coroutine[Any, Any, None]]
"""Sends an ephemeral message to a response_url; logs and forgets it if Slack refuses."""

MakeAnswer = Callable[[Profile], Awaitable[Message]]
"""Does what was asked for, as this person, and says so. Raises NotAllowed."""


class Answers:
    """Acknowledges from what the database knows; asks Slack only in the background.

    `is_act`: something is to be done, so it is done before the acknowledgement, by somebody
    unknown too: one's own calls need no role. Only if that is not enough is Slack asked who
    they really are. A mere look waits for that, since it shows an admin more.
    """

    def __init__(self, *, people: KnowPeople, tasks: Tasks, respond: Respond) -> None:
        self._people = people
        self._tasks = tasks
        self._respond = respond

    async def give(
        self,
        ack: AsyncAck,
        *,
        user_id: str,
        response_url: str,
        make: MakeAnswer,
        is_act: bool = False,
    ) -> None:
        """Answer a command with what `make` says to this person."""
        message = await self._at_once(user_id, make, is_act=is_act)
        if message is None:
            await ack()
            self._later(user_id=user_id, response_url=response_url, make=make)
        else:
            await ack(**message.payload())
            self.refresh(user_id)

    async def press(
        self,
        ack: AsyncAck,
        *,
        user_id: str,
        response_url: str,
        make: MakeAnswer,
        is_act: bool = False,
    ) -> None:
        """Do what a button says before it is acknowledged; say it by the response_url.

        Slack shows nothing of the acknowledgement of a button.
        """
        message = await self._at_once(user_id, make, is_act=is_act)
        if message is None:
            self._later(user_id=user_id, response_url=response_url, make=make)
        else:
            self._say(response_url, message)
        await ack()

    def refuse(self, response_url: str, why: str) -> None:
        """Say in the background why a press had no effect."""
        self._say(response_url, note(why))

    def _say(self, response_url: str, message: Message) -> None:
        self._tasks.start(self._respond(response_url, message), name="answer.press")

    def refresh(self, user_id: str) -> None:
        """Ask Slack about this person in the background, for the next time."""
        self._tasks.start(self._people.profile(user_id), name="people.refresh")

    async def _at_once(self, user_id: str, make: MakeAnswer, *, is_act: bool) -> Message | None:
        """The answer without asking Slack; None if it must be asked first."""
        known = await self._people.remembered(user_id)
        if known is None and not is_act:
            return None
        try:
            return await make(known or self._people.stranger(user_id))
        except NotAllowed as refusal:
            return note(str(refusal)) if known else None

    def _later(self, *, user_id: str, response_url: str, make: MakeAnswer) -> None:
        work = self._ask_and_answer(user_id=user_id, response_url=response_url, make=make)
        self._tasks.start(work, name="answer.later")

    async def _ask_and_answer(self, *, user_id: str, response_url: str, make: MakeAnswer) -> None:
        profile = await self._people.profile(user_id)
        try:
            message = await make(profile)
        except NotAllowed as refusal:
            message = note(str(refusal))
        await self._respond(response_url, message)


def zone_of(known: Profile | None) -> ZoneInfo | None:
    """A person's time zone; None if it is not known, on this machine or at all."""
    return zone_named(known.zone) if known else None
