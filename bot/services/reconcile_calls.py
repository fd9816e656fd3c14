"""Asking about the silent: after a restart, when news is late, and when none can come."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.call import Attempt, AttemptState
from bot.domain.call_state import CallEvent, CallState, can_happen
from bot.domain.deployment import Deployment
from bot.domain.errors import VoiceError
from bot.domain.outcome import NotSent, Unknown
from bot.domain.patience import GIVE_UP_AFTER, next_check, silence
from bot.domain.result import Result
from bot.domain.step import ended
from bot.domain.timeline import EventName
from bot.ports import Clock, Store, Tasks, Transaction, VoiceService
from bot.services.record_event import RecordEvent
from bot.services.settle_attempt import settle
from bot.services.timeline import tell

AT_ONCE = 20
EVERY = 1_000_000
OPEN = (AttemptState.CLAIMED, AttemptState.SENDING)
LOOKING = 0
"""Stands among the attempts under way while we look which ones are overdue."""

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
        self._under_way: set[int] = set()
        self._listening_since = clock.now()

    async def recover(self) -> None:
        """What the last process left open (fault-catalogue 3.2): claimed is dialled again,
        sending is unknown. Must run before anything is dialled.

        Silence while nobody was listening tells nothing: its clock starts again.
        """
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            self._settle_open(tx, tx.attempts_in(OPEN), now=now)
            for attempt in tx.attempts_to_check(now=now, limit=EVERY):
                call = tx.call(attempt.call_id)
                if attempt.state is AttemptState.UNKNOWN and call is not None:
                    again = now + silence(call.request, now=now, starts_at=attempt.starts_at)
                    tx.update_attempt(attempt.id, next_check_at=again)

        await self._store.write(work)

    def wake(self) -> None:
        """Look, in the background, at every attempt whose news is overdue."""
        if not self._under_way:
            self._under_way.add(LOOKING)
            self._tasks.start(self._check_all(), name="reconcile.check")

    async def _check_all(self) -> None:
        try:
            now = self._clock.now()
            await self._recover_abandoned(now)
            overdue = await self._store.read(
                lambda tx: tx.attempts_to_check(now=now, limit=AT_ONCE)
            )
            for attempt in overdue:
                self._under_way.add(attempt.id)
                self._tasks.start(self._check(attempt), name="reconcile.ask")
        finally:
            self._under_way.discard(LOOKING)

    async def _recover_abandoned(self, now: datetime) -> None:
        """Attempts that nobody works on any more. Should one be under way after all, its mark is
        refused and nothing leaves, or its answer corrects us."""
        attempts = await self._store.read(lambda tx: tx.attempts_in(OPEN))
        abandoned = [each for each in attempts if each.claimed_at <= now - ABANDONED_AFTER]
        if abandoned:
            await self._store.write(lambda tx: self._settle_open(tx, abandoned, now=now))
            self._changed()

    def _settle_open(self, tx: Transaction, attempts: list[Attempt], *, now: datetime) -> None:
        for attempt in attempts:
            fresh = tx.attempt(attempt.id)
            if fresh is None or fresh.state not in OPEN:
                continue
            outcome = (
                NotSent(reason="the bot was restarted")
                if fresh.state is AttemptState.CLAIMED
                else Unknown(reason="the bot was stopped while it was asking")
            )
            settle(tx, fresh.id, outcome, now=now, deployment=self._deployment)

    async def _check(self, attempt: Attempt) -> None:
        try:
            if attempt.voice_call_id is None and attempt.state is AttemptState.UNKNOWN:
                await self._store.write(lambda tx: self._hold(tx, attempt, self._clock.now()))
            else:
                await self._ask(attempt)
        finally:
            self._under_way.discard(attempt.id)
            self._changed()

    async def _ask(self, attempt: Attempt) -> None:
        said = "no answer"
        if attempt.voice_call_id:
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
        fresh = tx.attempt(attempt.id)
        if fresh is None or fresh.state is not AttemptState.UNKNOWN or fresh.voice_call_id:
            return  # news came in this very moment, and the attempt is looked up from now on
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
        if fresh is None or call is None or fresh.next_check_at is None:
            return
        begun = max(fresh.sending_at or fresh.claimed_at, fresh.starts_at or fresh.claimed_at)
        if now - begun < GIVE_UP_AFTER:
            checks = fresh.checks + 1
            at = next_check(
                call.request,
                now=now,
                starts_at=fresh.starts_at,
                checks=checks,
                is_listening=self._deployment.is_listening and fresh.completions == 0,
            )
            tx.update_attempt(fresh.id, checks=checks, next_check_at=at)
            return
        tx.update_attempt(fresh.id, state=AttemptState.DONE, next_check_at=None)
        if call.attempt_id != fresh.id or not can_happen(call.state, CallEvent.GAVE_UP):
            return
        tx.update_call(call.id, **ended(call, CallEvent.GAVE_UP, result=Result.UNKNOWN, now=now))
        tell(tx, call.id, EventName.GAVE_UP, now=now, attempt_id=fresh.id, status=said)
