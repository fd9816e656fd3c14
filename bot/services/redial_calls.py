"""What only a person decides: call again, or say what became of an unconfirmed call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.call import DEFAULT_EXPIRY, Call
from bot.domain.call_state import CallEvent, can_happen, next_state
from bot.domain.result import Result
from bot.domain.step import ended
from bot.domain.timeline import EventName
from bot.domain.voice_event import Source
from bot.ports import Clock, Profile, Store, Transaction
from bot.services.timeline import tell


class PressAnswer(StrEnum):
    """What pressing the button came to."""

    DONE = "done"
    SETTLED = "settled"  # the call has moved on since the button was shown
    NOT_YOURS = "not_yours"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressed:
    """The answer, and the call as it is now (None if not found)."""

    answer: PressAnswer
    call: Call | None = None


class RedialCalls:
    """A new attempt, or a person's word, on a call that is over or unconfirmed.

    `attempt_id` is the attempt the button was drawn for: two presses, two people or an old
    card make one effect.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        wake: Callable[[], None],
        messages_waiting: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._wake = wake
        self._messages_waiting = messages_waiting

    async def call_again(
        self, call_id: int, *, attempt_id: int | None, by: Profile, delivery: str
    ) -> Pressed:
        """Ring once more, because a person says so. Raises StoreUnavailable.

        `delivery` names Slack's delivery of the press: the same one again changes nothing.
        """
        now = self._clock.now()

        def work(tx: Transaction) -> Pressed:
            call = tx.call(call_id)
            refusal = _refusal(call, attempt_id, CallEvent.CALLED_AGAIN, by=by)
            if refusal is PressAnswer.NOT_YOURS:  # unless Slack says that they are an admin
                return Pressed(answer=refusal, call=call)
            is_new = tx.first_time(delivery, now=now)  # a refused press stays refused
            if call is None or refusal:
                return Pressed(answer=refusal or PressAnswer.NOT_FOUND, call=call)
            if not is_new:
                return Pressed(answer=PressAnswer.SETTLED, call=call)
            tx.update_call(
                call_id,
                state=next_state(call.state, CallEvent.CALLED_AGAIN),
                due_at=now,
                expires_at=now + DEFAULT_EXPIRY,
                retries_left=0,
                result=None,
                wait_reason=None,
                goal_met=None,
                duration=None,
                ended_at=None,
                held_at=None,
                cancel_requested_at=None,
                cancel_requested_by=None,
            )
            tell(
                tx,
                call_id,
                EventName.CALLED_AGAIN,
                now=now,
                source=Source.SLACK,
                by=by.user_id,
            )
            return Pressed(answer=PressAnswer.DONE, call=tx.call(call_id))

        pressed = await self._store.write(work)
        self._messages_waiting()
        self._wake()
        return pressed

    async def mark(
        self,
        call_id: int,
        *,
        attempt_id: int | None,
        was_made: bool,
        by: Profile,
        delivery: str,
    ) -> Pressed:
        """A person knows what became of an unconfirmed call. Raises StoreUnavailable.

        The result stays `unknown`: only the voice service can say how it ended, and if it
        does so later, the result is corrected.
        """
        now = self._clock.now()

        def work(tx: Transaction) -> Pressed:
            call = tx.call(call_id)
            refusal = _refusal(call, attempt_id, CallEvent.MARKED, by=by)
            if refusal is PressAnswer.NOT_YOURS:  # unless Slack says that they are an admin
                return Pressed(answer=refusal, call=call)
            is_new = tx.first_time(delivery, now=now)  # a refused press stays refused
            if call is None or refusal:
                return Pressed(answer=refusal or PressAnswer.NOT_FOUND, call=call)
            if not is_new:
                return Pressed(answer=PressAnswer.SETTLED, call=call)
            tx.update_call(call_id, **ended(call, CallEvent.MARKED, result=Result.UNKNOWN, now=now))
            tell(
                tx,
                call_id,
                EventName.MARKED,
                now=now,
                source=Source.SLACK,
                by=by.user_id,
                made=was_made,
            )
            return Pressed(answer=PressAnswer.DONE, call=tx.call(call_id))

        pressed = await self._store.write(work)
        self._messages_waiting()
        return pressed


def _refusal(
    call: Call | None, attempt_id: int | None, event: CallEvent, *, by: Profile
) -> PressAnswer | None:
    if call is None:
        return PressAnswer.NOT_FOUND
    if call.request.requested_by != by.user_id and not by.is_admin:
        return PressAnswer.NOT_YOURS
    if call.attempt_id != attempt_id or not can_happen(call.state, event):
        return PressAnswer.SETTLED
    return None
