"""The promise as a state machine: Hypothesis plays the world, and time, and death.

It asks for calls, decides what the voice service does with each, delivers, loses, doubles and
reorders its webhooks, presses buttons, kills the bot at any write; after every step everything
that must never happen is looked for (fault-catalogue 6, N1 to N10).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from typing_extensions import override

from bot.domain.call import CallRequest
from bot.domain.voice_event import VoiceEvent
from bot.services.cancel_calls import CancelAnswer
from bot.services.redial_calls import PressAnswer
from bot.services.request_calls import AlreadyRequested, Requested
from tests.chaos import model_rules
from tests.chaos.model_voice import FATES, Rung
from tests.chaos.model_world import Press, Wish, World

PICK = st.integers(min_value=0, max_value=7)
RETRY_DELAY = timedelta(minutes=1)
LATER = timedelta(seconds=90)


class Promise(World):
    """All that can happen."""

    # --- life and death ------------------------------------------------------------------

    @rule()
    def kill(self) -> None:
        """`kill -9`, between two writes; the next process starts."""
        self.loop.run_until_complete(self.life.bury())
        self._be_born()

    @rule(count=st.integers(min_value=1, max_value=6), side=st.sampled_from(["before", "after"]))
    def kill_at_write(self, count: int, side: str) -> None:
        """It will die at one of its next writes."""
        self.life.dies_at_write(count, side)

    # --- time ----------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 8, 35, 65, 200, 400]))
    def time_passes(self, seconds: float) -> None:
        """The clock moves, and wakes everybody as bot.running lets it."""
        self.clock.pass_by(seconds)
        self.live(self._wake())

    async def _wake(self) -> None:
        self.life.services.dispatch.wake()
        self.life.services.reconcile.wake()
        self.life.services.cancels.ask_for_pending()

    # --- people --------------------------------------------------------------------------

    @rule(retries=st.integers(min_value=0, max_value=2), is_later=st.booleans())
    def ask(self, retries: int, is_later: bool) -> None:
        """Somebody asks for a call, now or in a minute and a half."""
        number = f"+1415555{len(self.wishes) + 100:04d}"
        request = CallRequest(
            phone_number=number,
            requested_by="U1",
            channel="C1",
            message="Your table is ready.",
            due_at=self.clock.now() + LATER if is_later else None,
            retries=retries,
            retry_delay=RETRY_DELAY,
        )
        self.wishes.append(Wish(number=number, key=f"key {number}", request=request))
        self._request(self.wishes[-1])

    @precondition(lambda self: self.wishes)
    @rule(pick=PICK)
    def slack_repeats_itself(self, pick: int) -> None:
        """The same delivery once more."""
        self._request(self._wish(pick))

    def _request(self, wish: Wish) -> None:
        answer = self.live(
            self.life.services.requests.request(
                wish.request, dedupe_key=wish.key, is_deliberate=True
            )
        )
        if answer is None:
            return
        assert isinstance(answer, Requested | AlreadyRequested)
        assert wish.call_id in (None, answer.call.id), "one delivery made two calls"
        wish.call_id = answer.call.id

    @precondition(lambda self: self.asked())
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        """Somebody presses Cancel."""
        wish = self._asked(pick)
        answer = self.live(self.life.services.cancels.cancel(wish.call_id or 0, by=self._ben()))
        if answer and answer.answer is CancelAnswer.CANCELLED:
            wish.stopped_after = len(model_rules.posts(self, wish))

    @precondition(lambda self: self.asked())
    @rule(pick=PICK, is_stale=st.booleans())
    def call_again(self, pick: int, is_stale: bool) -> None:
        """Somebody presses Call again, on this card or on an old one."""
        wish = self._asked(pick)
        call = self.call(wish)
        press = self._press(wish, age=int(is_stale))
        wish.presses += not is_stale  # should it die, the press may have counted
        answer = self.live(self._call_again(press))
        if is_stale:
            assert answer in (None, PressAnswer.SETTLED), call.state
        elif answer in (None, PressAnswer.DONE):
            wish.stopped_after = None
            self.results.pop(call.id, None)
        else:
            wish.presses -= 1

    @precondition(lambda self: self.pressed)
    @rule(pick=PICK)
    def slack_repeats_a_press(self, pick: int) -> None:
        """The same delivery of a press that was answered: nothing may come of it."""
        press = self.pressed[pick % len(self.pressed)]
        answer = self.live(self._call_again(press))
        assert answer in (None, PressAnswer.SETTLED), "one press, two effects"

    def _press(self, wish: Wish, *, age: int = 0) -> Press:
        call = self.call(wish)
        name = f"press {next(self._numbers)}"
        return Press(call_id=call.id, attempt_id=(call.attempt_id or 0) - age, delivery=name)

    async def _call_again(self, press: Press) -> PressAnswer:
        pressed = await self.life.services.redials.call_again(
            press.call_id,
            attempt_id=press.attempt_id or None,
            by=self._ben(),
            delivery=press.delivery,
        )
        self.pressed.append(press)
        return pressed.answer

    @precondition(lambda self: self.asked())
    @rule(pick=PICK, was_made=st.booleans())
    def say_what_became_of_it(self, pick: int, was_made: bool) -> None:
        """Somebody knows, or believes to know."""
        press = self._press(self._asked(pick))
        self.live(
            self.life.services.redials.mark(
                press.call_id,
                attempt_id=press.attempt_id or None,
                was_made=was_made,
                by=self._ben(),
                delivery=press.delivery,
            )
        )

    # --- the voice service -----------------------------------------------------------------

    @rule(fate=st.sampled_from(FATES), result=st.sampled_from(["answered", "busy", "failed"]))
    def decide(self, fate: str, result: str) -> None:
        """What becomes of one of the next POSTs, and how that call ends if it rings."""
        self.voice.fates.append(fate)
        self.voice.results.append(result)

    @rule(is_down=st.booleans())
    def nobody_can_be_asked(self, is_down: bool) -> None:
        """Looking up and cancelling do not work, or work again."""
        self.voice.is_down = is_down

    @precondition(lambda self: self.voice.held())
    @rule()
    def answers_come(self) -> None:
        """What was held goes on."""
        self.voice.release()
        self.live(asyncio.sleep(0))

    @precondition(lambda self: self.ringing())
    @rule(pick=PICK, which=PICK, times=st.integers(min_value=1, max_value=2))
    def a_webhook_comes(self, pick: int, which: int, times: int) -> None:
        """One of a call's webhooks, in any order, perhaps twice."""
        rung = self.ringing()[pick % len(self.ringing())]
        event = rung.hooks[which % len(rung.hooks)]
        rung.hooks.remove(event)
        for _ in range(times):
            self._deliver(rung, event)

    def _deliver(self, rung: Rung, event: VoiceEvent) -> None:
        is_known = self.live(self.life.services.record.record(rung.token, event))
        assert is_known is not False, "the token of an attempt is forgotten"
        if is_known:
            rung.told.append(event.kind.value)

    @precondition(lambda self: self.ringing())
    @rule(pick=PICK)
    def webhooks_are_lost(self, pick: int) -> None:
        """All that a call still had to say."""
        self.ringing()[pick % len(self.ringing())].hooks.clear()

    # --- what must never happen ----------------------------------------------------------

    @invariant()
    def the_promise_is_kept(self) -> None:
        """After every step."""
        assert self.life.mistakes == []
        for check in model_rules.ALWAYS:
            check(self)

    @override
    def teardown(self) -> None:
        """The world calms down; then everything must come to its end."""
        try:
            if self.life.mistakes == []:
                self._calm_down()
        finally:
            self.bury()

    def _calm_down(self) -> None:
        self.voice.fates.clear()
        self.voice.is_down = False
        self.voice.release()
        self.live(asyncio.sleep(0))
        for seconds in (*[61] * 12, 400, 400, 4000, 4000, 100_000, 1, 1):
            self.time_passes(seconds)
            self.the_promise_is_kept()
        model_rules.nothing_is_stuck(self)
