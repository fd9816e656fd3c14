"""`/robocall`: the words after it become one call of a service and one answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.draft import CallDraft
from bot.domain.errors import InvalidRequest, StoreUnavailable
from bot.ports import PendingCommand, Profile, Tasks
from bot.services.know_people import KnowPeople
from bot.services.pending_commands import PendingCommands
from bot.slack.answers import mistake, note, problems
from bot.slack.blocks import Message
from bot.slack.help import help_text
from handlers.command_line import (
    CallNow,
    CancelCall,
    Command,
    Help,
    ListCalls,
    Mistake,
    OpenCampaignForm,
    OpenForm,
    ShowStatus,
    parse_command,
)
from handlers.forms import CallForms
from handlers.intake import Asked, CallIntake
from handlers.looking import LookingAtCalls
from handlers.people import Answers, zone_of
from handlers.typed_text import TypedText

log = structlog.get_logger(__name__)

NO_CAMPAIGNS = (
    "Calling a whole list comes with the next version of Robocall. For one number, write /robocall"
    " to open the form."
)
ONE_MOMENT = "One moment: I am looking up your time zone."
GIVEN_UP = (
    "I could not finish this command. Please look at /robocall list before you send it again."
)


class RobocallCommand:
    """The one slash command."""

    def __init__(
        self,
        *,
        intake: CallIntake,
        forms: CallForms,
        looking: LookingAtCalls,
        answers: Answers,
        people: KnowPeople,
        pending: PendingCommands,
        tasks: Tasks,
        default_region: str | None,
    ) -> None:
        self._intake = intake
        self._forms = forms
        self._looking = looking
        self._answers = answers
        self._people = people
        self._pending = pending
        self._tasks = tasks
        self._default_region = default_region
        self._finishing: set[str] = set()

    async def handle(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Parse the words, call one service, answer."""
        command = self._parse(body)
        match command:
            case CallNow():
                await ack(**(await self._call(command.draft, body)).payload())
            case OpenForm():
                self._forms.open(body, draft=command.prefill)
                await ack()
            case Help():
                await ack(**help_text(command.topic).payload())
            case Mistake():
                await ack(**mistake(command.text, typed=typed_by(body)).payload())
            case OpenCampaignForm():
                await ack(**note(NO_CAMPAIGNS).payload())
            case ListCalls() | ShowStatus() | CancelCall():
                await self._look(ack, command, body)

    def _parse(self, body: Mapping[str, Any]) -> Command:
        return parse_command(str(body.get("text") or ""), self._default_region)

    async def _look(self, ack: AsyncAck, command: Command, body: Mapping[str, Any]) -> None:
        async def make(viewer: Profile) -> Message:
            match command:
                case ListCalls():
                    return await self._looking.page(viewer, which=command.which)
                case CancelCall():
                    return await self._looking.cancel(command.ref, by=viewer)
                case ShowStatus():
                    return await self._looking.status(command.ref)
                case _:
                    return note("")

        await self._answers.give(
            ack,
            user_id=str(body["user_id"]),
            response_url=str(body.get("response_url") or ""),
            make=make,
            is_act=isinstance(command, CancelCall),
        )

    async def _call(self, draft: CallDraft, body: Mapping[str, Any]) -> Message:
        asked = asked_by(body)
        who = await self._people.remembered(asked.user_id)
        if who is None and draft.when:  # a time is read, and told back, in the person's zone
            await self._pending.keep(asked.dedupe_key, dict(body))
            self._tasks.start(self.finish_pending(), name="commands.finish_pending")
            return note(ONE_MOMENT)
        self._answers.refresh(asked.user_id)
        try:
            return await self._intake.take(draft, asked, zone=zone_of(who))
        except InvalidRequest as error:
            return problems(error.problems, typed=typed_by(body))

    async def finish_pending(self) -> None:
        """Finish the commands that waited for a time zone, also those of before a restart.

        Each by itself: one that hangs or fails holds up no other. What cannot be saved now
        stays, for the next time this is called.
        """
        for waiting in await self._pending.all():
            if waiting.key not in self._finishing:
                self._finishing.add(waiting.key)
                self._tasks.start(self._finish(waiting), name="commands.finish")

    async def _finish(self, waiting: PendingCommand) -> None:
        asked = asked_by(waiting.payload)
        try:
            answer = await self._finished_or_given_up(waiting, asked)
            await self._pending.finish(
                waiting.key,
                user_id=asked.user_id,
                response_url=asked.response_url,
                text=answer.packed(),
            )
        finally:
            self._finishing.discard(waiting.key)

    async def _finished_or_given_up(self, waiting: PendingCommand, asked: Asked) -> Message:
        try:
            return await self._finished(waiting, asked)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the edge: it must not come back for ever
            log.error("command.given_up", error=type(error).__name__)
            return mistake(GIVEN_UP, typed=typed_by(waiting.payload))

    async def _finished(self, waiting: PendingCommand, asked: Asked) -> Message:
        typed = typed_by(waiting.payload)
        command = self._parse(waiting.payload)
        if not isinstance(command, CallNow):
            # it was one when it was kept: another version reads the line differently
            text = command.text if isinstance(command, Mistake) else GIVEN_UP
            return mistake(text, typed=typed)
        known = await self._people.remembered(asked.user_id)
        # if Slack cannot say either, no zone: a time is refused then, never guessed
        known = known or await self._people.ask_again(asked.user_id)
        try:
            return await self._intake.take(command.draft, asked, zone=zone_of(known))
        except InvalidRequest as error:
            return problems(error.problems, typed=typed)


def typed_by(body: Mapping[str, Any]) -> str:
    """The whole line as the person typed it."""
    line = TypedText(str(body.get("text") or ""))
    return f"/robocall {line.typed(line.marked)}"


def asked_by(body: Mapping[str, Any]) -> Asked:
    """Who asks, from the fields of a slash command; its trigger_id names the delivery."""
    return Asked(
        user_id=str(body["user_id"]),
        channel=str(body.get("channel_id") or ""),
        dedupe_key=f"command:{body.get('trigger_id')}",
        response_url=str(body.get("response_url") or ""),
    )
