"""Asking about the silent: after a restart, when news is late, and when none can come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.call import Attempt, AttemptState
from bot.domain.call_state import CallEvent, CallState, can_happen, next_state
from bot.domain.deployment import Deployment
from bot.domain.errors import VoiceError
from bot.domain.outcome import NotSent, Unknown
from bot.domain.patience import GIVE_UP_AFTER, next_check
from bot.domain.result import Result
from bot.domain.timeline import EventName
from bot.ports import Clock, Store, Tasks, Transaction, VoiceService
from bot.services.record_event import RecordEvent
from bot.services.settle_attempt import settle
from bot.services.timeline import tell

AT_ONCE = 20

ABANDONED_AFTER = timedelta(minutes=2)
"""A dial has a deadline of 20 s; one that is open for longer has lost whoever dialled it."""


class ReconcileCalls:
    """Recovers open attempts at start and looks up the ones whose news is overdue."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        voice: VoiceService,
        deployment: Deployment,
        record: RecordEvent,
        tasks: Tasks,
        changed: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._voice = voice
        self._deployment = deployment
        self._record = record
        self._tasks = tasks
        self._changed = changed
        self._is_checking = False
        self._listening_since = clock.now()

    async def recover(self, *, older_than: timedelta = timedelta()) -> None:
        """What the last process left open (fault-catalogue 3.2): claimed is dialled again,
        sending is unknown. Must run before anything is dialled.

        Later, `older_than` finds attempts that nobody works on any more. Should one still be
        under way after all, its mark is refused and nothing leaves, or its answer corrects us.
        """
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            for attempt in tx.attempts_in([AttemptState.CLAIMED, AttemptState.SENDING]):
                if attempt.claimed_at > now - older_than:
                    continue
                outcome = (
                    NotSent(reason="the bot was restarted")
                    if attempt.state is AttemptState.CLAIMED
                    else Unknown(reason="the bot was stopped while it was asking")
                )
                settle(tx, attempt.id, outcome, now=now, deployment=self._deployment)

        await self._store.write(work)

    def wake(self) -> None:
        """Look, in the background, at every attempt whose news is overdue."""
        if not self._is_checking:
            self._is_checking = True
            self._tasks.start(self._check_all(), name="reconcile.check")

    async def _check_all(self) -> None:
        try:
            now = self._clock.now()
            await self._recover_abandoned(now)
            overdue = await self._store.read(
                lambda tx: tx.attempts_to_check(now=now, limit=AT_ONCE)
            )
            for attempt in overdue:
                await self._check(attempt)
            if overdue:
                self._changed()
        finally:
            self._is_checking = False

    async def _recover_abandoned(self, now: datetime) -> None:
        open_ones = [AttemptState.CLAIMED, AttemptState.SENDING]
        attempts = await self._store.read(lambda tx: tx.attempts_in(open_ones))
        if any(attempt.claimed_at <= now - ABANDONED_AFTER for attempt in attempts):
            await self.recover(older_than=ABANDONED_AFTER)
            self._changed()

    async def _check(self, attempt: Attempt) -> None:
        if attempt.voice_call_id is None:
            await self._store.write(lambda tx: self._hold(tx, attempt, self._clock.now()))
            return
        said = "no answer"
        try:
            status = await self._voice.look_up(attempt.voice_call_id)
        except VoiceError as error:
            said = str(error)
        else:
            said = status.status
            await self._record.record_status(attempt.id, status)
        await self._store.write(lambda tx: self._ask_later(tx, attempt, said, self._clock.now()))

    def _hold(self, tx: Transaction, attempt: Attempt, now: datetime) -> None:
        """Silence has passed and there is nothing to ask about: a person decides."""
        tx.update_attempt(attempt.id, next_check_at=None)
        call = tx.call(attempt.call_id)
        if call is None or call.attempt_id != attempt.id:
            return
        if call.state is not CallState.UNCONFIRMED or call.held_at is not None:
            return
        tx.update_call(call.id, held_at=now)
        was_listening = self._deployment.is_listening and (
            self._listening_since <= (attempt.sending_at or attempt.claimed_at)
        )
        tell(tx, call.id, EventName.HELD, now=now, attempt_id=attempt.id, listening=was_listening)

    def _ask_later(self, tx: Transaction, attempt: Attempt, said: str, now: datetime) -> None:
        """Still open: ask again later, or give up after a day."""
        fresh = tx.attempt(attempt.id)
        call = tx.call(attempt.call_id)
        if fresh is None or call is None or fresh.state is not AttemptState.PLACED:
            return
        begun = max(fresh.sending_at or fresh.claimed_at, fresh.starts_at or fresh.claimed_at)
        if now - begun < GIVE_UP_AFTER:
            checks = fresh.checks + 1
            at = next_check(
                now=now,
                starts_at=fresh.starts_at,
                message=call.request.message,
                checks=checks,
                is_listening=self._deployment.is_listening and fresh.completions == 0,
            )
            tx.update_attempt(fresh.id, checks=checks, next_check_at=at)
            return
        tx.update_attempt(fresh.id, state=AttemptState.DONE, next_check_at=None)
        if call.attempt_id != fresh.id or not can_happen(call.state, CallEvent.GAVE_UP):
            return
        tx.update_call(
            call.id,
            state=next_state(call.state, CallEvent.GAVE_UP),
            result=Result.UNKNOWN,
            goal_met=call.goal_met or False,
            ended_at=now,
        )
        tell(tx, call.id, EventName.GAVE_UP, now=now, attempt_id=fresh.id, status=said)
