"""Buttons on cards and lists, and changes in an open form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.errors import NotAllowed
from bot.ports import Clock, Profile
from bot.services.redial_calls import PressAnswer, Pressed, RedialCalls
from bot.slack import ids
from bot.slack.answers import note, refreshed
from bot.slack.blocks import Message
from handlers.forms import CallForms, whose
from handlers.intake import Asked, CallIntake
from handlers.looking import NOT_YOURS, LookingAtCalls, not_found
from handlers.people import Answers, MakeAnswer

DONE = "Done: the card shows it."


class Buttons:
    """Each press: acknowledge, do the one thing, tell the person who pressed."""

    def __init__(
        self,
        *,
        looking: LookingAtCalls,
        redials: RedialCalls,
        intake: CallIntake,
        forms: CallForms,
        answers: Answers,
        clock: Clock,
    ) -> None:
        self._looking = looking
        self._redials = redials
        self._intake = intake
        self._forms = forms
        self._answers = answers
        self._clock = clock

    async def cancel(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Button Cancel call on a card."""
        call_id, _ = pressed(body)
        await self._act(ack, body, lambda by: self._looking.cancel(str(call_id), by=by))

    async def details(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Details, on a card."""
        call_id, _ = pressed(body)
        await self._answer(ack, body, lambda by: self._looking.details(str(call_id), viewer=by))

    async def again(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Call again, on a card."""
        call_id, attempt_id = pressed(body)

        async def make(by: Profile) -> Message:
            done = await self._redials.call_again(
                call_id, attempt_id=attempt_id, by=by, delivery=delivery_of(body)
            )
            return self._in_words(call_id, done)

        await self._act(ack, body, make)

    async def made(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """It was made, on the card of an unconfirmed call."""
        await self._mark(ack, body, was_made=True)

    async def not_made(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """It was not made, on the card of an unconfirmed call."""
        await self._mark(ack, body, was_made=False)

    async def _mark(self, ack: AsyncAck, body: Mapping[str, Any], *, was_made: bool) -> None:
        call_id, attempt_id = pressed(body)

        async def make(by: Profile) -> Message:
            done = await self._redials.mark(
                call_id,
                attempt_id=attempt_id,
                was_made=was_made,
                by=by,
                delivery=delivery_of(body),
            )
            return self._in_words(call_id, done)

        await self._act(ack, body, make)

    async def twin(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Call anyway, under "You asked for this call 20 s ago"."""
        call_id, _ = pressed(body)
        user_id, channel = whose(body)
        asked = Asked(
            user_id=user_id,
            channel=channel,
            # two presses of one button are one wish: the button's own call names it
            dedupe_key=f"twin:{call_id}:{body.get('container', {}).get('message_ts', '')}",
            response_url=str(body.get("response_url") or ""),
        )

        async def make(_: Profile) -> Message:
            return await self._intake.take_twin(call_id, asked) or note(NOT_YOURS)

        await self._act(ack, body, make)

    async def older(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Older calls, under a list."""
        which, before_id = ids.read_older_value(value_of(body))

        async def make(viewer: Profile) -> Message:
            return await self._looking.page(viewer, which=which, older_than=before_id)

        await self._answer(ack, body, make)

    async def open_form(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Call someone, on the Home page or after a form that could not be opened."""
        self._forms.open(body)
        await ack()

    async def form_changed(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Somebody types into the form or chooses what to play."""
        user_id, _ = whose(body)
        self._forms.changed(body["view"], user_id)
        await ack()

    async def _act(self, ack: AsyncAck, body: Mapping[str, Any], make: MakeAnswer) -> None:
        await self._answer(ack, body, make, is_act=True)

    async def _answer(
        self, ack: AsyncAck, body: Mapping[str, Any], make: MakeAnswer, *, is_act: bool = False
    ) -> None:
        user_id, _ = whose(body)
        await self._answers.press(
            ack,
            user_id=user_id,
            response_url=str(body.get("response_url") or ""),
            make=make,
            is_act=is_act,
        )

    def _in_words(self, call_id: int, done: Pressed) -> Message:
        if done.call is None:
            return not_found(str(call_id))
        if done.answer is PressAnswer.NOT_YOURS:
            raise NotAllowed(NOT_YOURS)
        if done.answer is PressAnswer.SETTLED:
            return refreshed(done.call, now=self._clock.now())
        return note(DONE)


def value_of(body: Mapping[str, Any]) -> str:
    """What the pressed button carries."""
    return str(body["actions"][0].get("value") or "")


def pressed(body: Mapping[str, Any]) -> tuple[int, int | None]:
    """The call, and the attempt the pressed button was drawn for."""
    return ids.read_button_value(value_of(body))


def delivery_of(body: Mapping[str, Any]) -> str:
    """The key of this press: Slack repeats a delivery under the same trigger_id."""
    return f"press:{body.get('trigger_id')}"
