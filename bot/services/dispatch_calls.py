"""Dialling: claim what is due and allowed, ask the voice service to ring, write down the answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain.brake import RELEASED, Brake, pulled
from bot.domain.call import Attempt, Call
from bot.domain.call_state import CallEvent, CallState, next_state
from bot.domain.deployment import Deployment
from bot.domain.dial_policy import WINDOW, Allowance, allowance
from bot.domain.errors import StoreUnavailable
from bot.domain.outcome import NotSent, PlaceOutcome, Rejected
from bot.domain.result import Result
from bot.domain.timeline import EventName
from bot.ports import Clock, PlaceCall, Store, Tasks, Transaction, VoiceService
from bot.services.settle_attempt import AttemptWithdrawn, mark_sending, settle
from bot.services.timeline import tell

LOOK_AHEAD = 20
"""How many waiting calls are told why they wait; the rest wait behind them in silence."""

_SAVE_AGAIN_AFTER = 1.0


class DispatchCalls:
    """Wakes on news and on the clock's tick; one tick at a time, each dial a task of its own."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        voice: VoiceService,
        deployment: Deployment,
        tasks: Tasks,
        new_token: Callable[[], bytes],
        changed: Callable[[], None],
        look_again_at: Callable[[datetime | None], None],
    ) -> None:
        """`changed`: there is something to tell, or a call that somebody wants stopped.
        `look_again_at(when)` asks the clock for the next tick (None: nothing waits)."""
        self._store = store
        self._clock = clock
        self._voice = voice
        self._deployment = deployment
        self._tasks = tasks
        self._new_token = new_token
        self._changed = changed
        self._look_again_at = look_again_at
        self._brake = RELEASED
        self._is_ticking = False
        self._is_asked_again = False
        self._is_open = False

    @property
    def brake(self) -> Brake:
        """Whether the voice service keeps us waiting, and why."""
        return self._brake

    def begin(self) -> None:
        """Claim from now on; what the last process left open must be recovered before."""
        self._is_open = True
        self.wake()

    def stop(self) -> None:
        """Claim nothing more; what is being dialled is finished."""
        self._is_open = False

    def wake(self) -> None:
        """Something may be due: look at once, in the background."""
        self._is_asked_again = True
        if not self._is_ticking and self._is_open:
            self._is_ticking = True
            self._tasks.start(self._tick_until_quiet(), name="dispatch.tick")

    async def _tick_until_quiet(self) -> None:
        try:
            while self._is_asked_again and self._is_open:
                self._is_asked_again = False
                await self._tick()
        finally:
            self._is_ticking = False

    async def _tick(self) -> None:
        now = self._clock.now()
        if not await self._store.read(lambda tx: _is_anything_due(tx, now)):
            self._look_again_at(await self._store.read(lambda tx: tx.next_due_at()))
            return
        claimed, next_at = await self._store.write(lambda tx: self._claim(tx, now))
        self._look_again_at(next_at)
        self._changed()
        for call, attempt in claimed:
            self._tasks.start(self._dial(call, attempt), name="dispatch.dial")

    # --- claim -----------------------------------------------------------------------

    def _claim(
        self, tx: Transaction, now: datetime
    ) -> tuple[list[tuple[Call, Attempt]], datetime | None]:
        for call in tx.overdue_calls(now=now, limit=LOOK_AHEAD):
            _expire(tx, call, now=now)
        allowed = self._allowed(tx, now)
        due = tx.due_calls(now=now, limit=allowed.calls + LOOK_AHEAD)
        claimed = [self._take(tx, call, now=now) for call in due[: allowed.calls]]
        left = due[allowed.calls :]
        reason = allowed.reason or (self._allowed(tx, now).reason if left else "")
        for call in left[:LOOK_AHEAD]:
            _keep_waiting(tx, call, reason=reason, now=now)
        return claimed, self._next_look(tx, left, allowed, now=now)

    def _allowed(self, tx: Transaction, now: datetime) -> Allowance:
        if self._brake.holds(now):
            return Allowance(calls=0, reason=self._brake.reason, look_again_at=self._brake.until)
        plan = allowance(
            self._deployment.limits,
            recent=tx.recent_requests(since=now - WINDOW),
            outstanding=tx.outstanding(now=now),
            now=now,
        )
        if self._brake.is_probing and plan.calls > 1:
            return Allowance(calls=1, reason=self._brake.reason)
        return plan

    def _next_look(
        self, tx: Transaction, left: list[Call], allowed: Allowance, *, now: datetime
    ) -> datetime | None:
        if not left:
            return tx.next_due_at()
        again = self._allowed(tx, now).look_again_at or allowed.look_again_at
        expiry = min(call.expires_at for call in left)
        return min(again, expiry) if again else expiry

    def _take(self, tx: Transaction, call: Call, *, now: datetime) -> tuple[Call, Attempt]:
        state = call.state
        if state is CallState.SCHEDULED:
            state = next_state(state, CallEvent.CAME_DUE)
        state = next_state(state, CallEvent.CLAIMED)
        attempt = tx.add_attempt(
            call, attempt_no=call.attempts + 1, token=self._new_token(), now=now
        )
        # what the last attempt left behind must not be read as this one's
        tx.update_call(
            call.id,
            state=state,
            attempt_id=attempt.id,
            digits="",
            voice_call_id=None,
            answered_at=None,
            placed_at=None,
        )
        tx.show_card(call.id, now=now)
        return call, attempt

    # --- dial ------------------------------------------------------------------------

    async def _dial(self, call: Call, attempt: Attempt) -> None:
        is_withdrawn = False

        async def mark() -> None:
            nonlocal is_withdrawn
            now = self._clock.now()
            try:
                await self._store.write(lambda tx: mark_sending(tx, attempt.id, now=now))
            except AttemptWithdrawn:
                is_withdrawn = True
                raise

        outcome = await self._voice.place_call(self._place_call(call, attempt), mark)
        await self._write_down(attempt, outcome)
        if not is_withdrawn:
            self._set_brake(outcome)
        self._changed()
        self.wake()

    def _place_call(self, call: Call, attempt: Attempt) -> PlaceCall:
        request = call.request
        hands_retries_over = self._deployment.service_retries and request.retries > 0
        is_later = request.due_at is not None and request.due_at > self._clock.now()
        return PlaceCall(
            request=request,
            token=attempt.token,
            retry_count=request.retries if hands_retries_over else 0,
            retry_delay=request.retry_delay if hands_retries_over else None,
            schedule_at=(
                request.due_at if self._deployment.service_schedules and is_later else None
            ),
        )

    async def _write_down(self, attempt: Attempt, outcome: PlaceOutcome) -> None:
        """Until it is saved; should we die first, the mark makes the attempt unknown."""
        while True:
            now = self._clock.now()
            try:
                await self._store.write(
                    lambda tx: settle(
                        tx,
                        attempt.id,
                        outcome,
                        now=now,  # noqa: B023 - used before the loop goes on
                        deployment=self._deployment,
                    )
                )
            except StoreUnavailable:
                await self._clock.sleep(_SAVE_AGAIN_AFTER)
            else:
                return

    def _set_brake(self, outcome: PlaceOutcome) -> None:
        now = self._clock.now()
        match outcome:
            case NotSent(reason=reason):
                self._brake = pulled(self._brake, reason=reason, now=now)
            case Rejected(pauses_all=True, reason=reason, retry_after=wait):
                self._brake = pulled(self._brake, reason=reason, now=now, wait=wait)
            case _:
                self._brake = RELEASED


def _is_anything_due(tx: Transaction, now: datetime) -> bool:
    next_due = tx.next_due_at()
    return next_due is not None and next_due <= now


def _expire(tx: Transaction, call: Call, *, now: datetime) -> None:
    tx.update_call(
        call.id,
        state=next_state(call.state, CallEvent.EXPIRED),
        result=Result.EXPIRED,
        wait_reason=None,
        goal_met=False,
        ended_at=now,
    )
    tell(tx, call.id, EventName.EXPIRED, now=now, due_at=call.due_at.isoformat())


def _keep_waiting(tx: Transaction, call: Call, *, reason: str, now: datetime) -> None:
    if call.state is CallState.QUEUED and call.wait_reason == reason:
        return
    state = call.state
    if state is CallState.SCHEDULED:
        state = next_state(state, CallEvent.CAME_DUE)
    tx.update_call(call.id, state=state, wait_reason=reason)
    tell(tx, call.id, EventName.WAITING, now=now, reason=reason)
