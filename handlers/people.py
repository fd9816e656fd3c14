"""Answering somebody whose role or zone must be known: at once from memory, else in a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.ports import Profile, Tasks
from bot.services.know_people import KnowPeople
from bot.slack.blocks import Message

Respond = Callable[[str, Message], Coroutine[Any, Any, None]]
"""Sends an ephemeral message to a response_url; logs and forgets it if Slack refuses."""

MakeAnswer = Callable[[Profile], Awaitable[Message]]


class Answers:
    """Acknowledges from what the database knows; asks Slack only in the background."""

    def __init__(self, *, people: KnowPeople, tasks: Tasks, respond: Respond) -> None:
        self._people = people
        self._tasks = tasks
        self._respond = respond

    async def give(
        self, ack: AsyncAck, *, user_id: str, response_url: str, make: MakeAnswer
    ) -> None:
        """Answer a command with what `make` says to this person."""
        known = await self._people.remembered(user_id)
        if known is None:
            await ack()
            self._later(user_id=user_id, response_url=response_url, make=make)
            return
        message = await make(known)
        await ack(**message.payload())
        self.refresh(user_id)

    async def press(
        self, ack: AsyncAck, *, user_id: str, response_url: str, make: MakeAnswer
    ) -> None:
        """Do what a button says before it is acknowledged; say it by the response_url.

        Slack shows nothing of the acknowledgement of a button.
        """
        known = await self._people.remembered(user_id)
        if known is None:
            self._later(user_id=user_id, response_url=response_url, make=make)
        else:
            answer = self._respond(response_url, await make(known))
            self._tasks.start(answer, name="answer.press")
        await ack()

    def refresh(self, user_id: str) -> None:
        """Ask Slack about this person in the background, for the next time."""
        self._tasks.start(self._people.profile(user_id), name="people.refresh")

    def _later(self, *, user_id: str, response_url: str, make: MakeAnswer) -> None:
        work = self._ask_and_answer(user_id=user_id, response_url=response_url, make=make)
        self._tasks.start(work, name="answer.later")

    async def _ask_and_answer(self, *, user_id: str, response_url: str, make: MakeAnswer) -> None:
        profile = await self._people.profile(user_id)
        await self._respond(response_url, await make(profile))
