"""A person stops a call: at once before it is dialled, by asking the voice service after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.domain.call import AttemptState, Call
from bot.domain.call_state import CallState
from bot.domain.deployment import Deployment
from bot.domain.errors import VoiceError, VoiceRefused
from bot.domain.result import Result
from bot.domain.timeline import EventName
from bot.domain.voice_event import Source
from bot.ports import Clock, Profile, Store, Tasks, Transaction, VoiceService
from bot.services.settle_attempt import cancel_now
from bot.services.timeline import tell

TOO_LATE = (404, 409)
"""What the voice service answers when there is nothing left to stop."""


class CancelAnswer(StrEnum):
    """What pressing Cancel came to."""

    CANCELLED = "cancelled"  # it will not ring
    ASKED = "asked"  # the voice service was asked; the thread will say what it answered
    NO_ID = "no_id"  # unconfirmed: nothing to name to the voice service; stopped if it shows up
    ENDED = "ended"  # it was over already
    NOT_YOURS = "not_yours"  # only the requester or an admin may
    NOT_FOUND = "not_found"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelled:
    """The answer, and the call as it is now (None if not found)."""

    answer: CancelAnswer
    call: Call | None = None


class CancelCalls:
    """Stops calls; what the voice service has is asked for in the background."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        voice: VoiceService,
        tasks: Tasks,
        deployment: Deployment,
        messages_waiting: Callable[[], None],
        line_freed: Callable[[], None],
    ) -> None:
        self._is_asking = False
        self._is_asked_again = False
        self._deployment = deployment
        self._store = store
        self._clock = clock
        self._voice = voice
        self._tasks = tasks
        self._messages_waiting = messages_waiting
        self._line_freed = line_freed

    async def cancel(self, call_id: int, *, by: Profile) -> Cancelled:
        """Stop a call that `by` asked for (admins: anybody's). Raises StoreUnavailable."""
        now = self._clock.now()
        done = await self._store.write(lambda tx: _cancel(tx, call_id, by=by, now=now))
        self._messages_waiting()
        if done.answer is CancelAnswer.CANCELLED:
            self._line_freed()
        if done.answer is CancelAnswer.ASKED:
            self.ask_for_pending()
        return done

    def ask_for_pending(self) -> None:
        """Ask the voice service to stop what people asked to stop, in the background."""
        self._is_asked_again = True
        if not self._is_asking:
            self._is_asking = True
            self._tasks.start(self._ask_all(), name="cancel.ask")

    def cancel_second(self, call_id: int, voice_call_id: str) -> None:
        """Try to stop a second call that should never have been (catalogue V20)."""
        self._tasks.start(self._ask_second(call_id, voice_call_id), name="cancel.second")

    async def _ask_all(self) -> None:
        try:
            while self._is_asked_again:
                self._is_asked_again = False
                for call in await self._store.read(lambda tx: tx.calls_to_cancel()):
                    if call.voice_call_id:
                        await self._ask(call, call.voice_call_id)
        finally:
            self._is_asking = False

    async def _ask(self, call: Call, voice_call_id: str) -> None:
        """Ask once. Without a clear answer the wish stays, and is asked again by the clock."""
        try:
            said = await self._voice.cancel(voice_call_id)
        except VoiceRefused as error:
            if error.code in TOO_LATE:
                await self._look(call, voice_call_id, said=error.reason)
            else:
                await self._say_failed(call, why="unreachable", said=error.reason)
        except VoiceError:
            await self._say_failed(call, why="unreachable")
        else:
            await self._say_cancelled(call, said=said)
        self._messages_waiting()

    async def _look(self, call: Call, voice_call_id: str, *, said: str) -> None:
        """It cannot be stopped any more: because it rings, or because it was stopped before and
        that answer was lost (catalogue V24)."""
        try:
            status = await self._voice.look_up(voice_call_id)
        except VoiceRefused:
            await self._say_failed(call, why="too_late", said=said)
        except VoiceError:
            await self._say_failed(call, why="unreachable")
        else:
            if status.result == Result.CANCELLED:
                await self._say_cancelled(call, said=said)
            else:
                await self._say_failed(call, why="too_late", said=said)

    async def _say_cancelled(self, call: Call, *, said: str) -> None:
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            fresh = tx.call(call.id)
            if fresh is None or not fresh.is_cancelling or fresh.attempt_id != call.attempt_id:
                return
            if fresh.attempt_id:
                tx.update_attempt(fresh.attempt_id, state=AttemptState.DONE, next_check_at=None)
            by = fresh.cancel_requested_by or ""
            cancel_now(tx, fresh, by=by, now=now, source=Source.BOT, said=said)

        await self._store.write(work)
        self._line_freed()

    async def _say_failed(self, call: Call, *, why: str, said: str | None = None) -> None:
        """Said once. Too late settles the wish, unless the voice service will ring again by
        itself; otherwise it is asked again."""
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            fresh = tx.call(call.id)
            if fresh is None or not fresh.is_cancelling:
                return
            will_ring_again = self._deployment.service_retries and fresh.retries_left > 0
            is_told = _is_told(tx, call.id, why=why)
            if why == "too_late" and not will_ring_again:
                # retries stay off: the person wants no more calls, only this one goes on
                tx.update_call(call.id, cancel_requested_at=None, retries_left=0)
                tx.show_card(call.id, now=now)
            if not is_told:
                by = fresh.cancel_requested_by
                tell(tx, call.id, EventName.CANCEL_FAILED, now=now, by=by, why=why, said=said)

        await self._store.write(work)

    async def _ask_second(self, call_id: int, voice_call_id: str) -> None:
        now = self._clock.now()
        try:
            said = await self._voice.cancel(voice_call_id)
        except VoiceError as error:
            said = str(error)
        await self._store.write(
            lambda tx: tell(
                tx, call_id, EventName.OTHER, now=now, word=f"stop of {voice_call_id}: {said}"
            )
        )


def _is_told(tx: Transaction, call_id: int, *, why: str) -> bool:
    """Whether the newest wish to cancel was answered so before. The order of the log decides,
    since the clock may stand still, or be set back."""
    for event in reversed(tx.events_of(call_id)):
        if event.event == EventName.CANCEL_REQUESTED:
            break
        if event.event == EventName.CANCEL_FAILED and event.detail.get("why") == why:
            return True
    return False


def _cancel(tx: Transaction, call_id: int, *, by: Profile, now: datetime) -> Cancelled:
    call = tx.call(call_id)
    if call is None:
        return Cancelled(answer=CancelAnswer.NOT_FOUND)
    if call.request.requested_by != by.user_id and not by.is_admin:
        return Cancelled(answer=CancelAnswer.NOT_YOURS, call=call)
    if call.state is CallState.ENDED:
        return Cancelled(answer=CancelAnswer.ENDED, call=call)
    if _is_not_sent(tx, call):
        cancel_now(tx, call, by=by.user_id, now=now, source=Source.SLACK)
        return Cancelled(answer=CancelAnswer.CANCELLED, call=tx.call(call_id))
    return _ask_for_it(tx, call, by=by.user_id, now=now)


def _ask_for_it(tx: Transaction, call: Call, *, by: str, now: datetime) -> Cancelled:
    """Bytes have left: only the voice service can stop it, once we know its id."""
    has_no_id = call.state is CallState.UNCONFIRMED and not call.voice_call_id
    if not call.is_cancelling:
        tx.update_call(call.id, cancel_requested_at=now, cancel_requested_by=by)
        tell(tx, call.id, EventName.CANCEL_REQUESTED, now=now, source=Source.SLACK, by=by)
        if has_no_id:
            tell(tx, call.id, EventName.CANCEL_FAILED, now=now, by=by, why="no_id")
    answer = CancelAnswer.NO_ID if has_no_id else CancelAnswer.ASKED
    return Cancelled(answer=answer, call=call)


def _is_not_sent(tx: Transaction, call: Call) -> bool:
    """Whether surely no byte has left for this call's newest attempt."""
    if call.state in (CallState.AWAITING_APPROVAL, CallState.SCHEDULED, CallState.QUEUED):
        return True
    attempt = tx.attempt(call.attempt_id) if call.attempt_id else None
    is_claimed = attempt is not None and attempt.state is AttemptState.CLAIMED
    return call.state is CallState.DIALING and is_claimed
