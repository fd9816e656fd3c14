"""Dialling: claim what is due and allowed, ask the voice service to ring, write down the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.brake import Brake
from bot.domain.call import DEFAULT_EXPIRY, Attempt, AttemptState, Call
from bot.domain.call_state import CallEvent, CallState, next_state
from bot.domain.deployment import Deployment
from bot.domain.dial_policy import WINDOW, Allowance, allowance
from bot.domain.errors import StoreUnavailable
from bot.domain.outcome import PlaceOutcome
from bot.domain.result import Result
from bot.domain.step import ended
from bot.domain.timeline import EventName
from bot.ports import Clock, PlaceCall, Store, Tasks, Transaction, VoiceService
from bot.services.line_brake import LineBrake
from bot.services.settle_attempt import AttemptWithdrawn, mark_sending, settle
from bot.services.timeline import tell

EXPIRE_AT_ONCE = 100
LOOK_AHEAD = 20
"""How many waiting calls are told why they wait; the rest wait behind them in silence."""

_SAVE_AGAIN_AFTER = 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tick:
    """What a tick did: calls to dial, whether there is something to tell, and the next tick.

    `next_at` None: when there is news, or with the clock's own beat.
    """

    claimed: list[tuple[Call, Attempt]] = field(default_factory=list)
    is_news: bool = False
    next_at: datetime | None = None


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
        self._line = LineBrake()
        self._is_ticking = False
        self._is_asked_again = False
        self._is_open = False
        self._paused_because = ""

    @property
    def brake(self) -> Brake:
        """Whether the voice service keeps us waiting, and why."""
        return self._line.brake

    def begin(self) -> None:
        """Claim from now on; what the last process left open must be recovered before."""
        self._is_open = True
        self.wake()

    def stop(self) -> None:
        """Claim nothing more; what is being dialled is finished."""
        self._is_open = False

    def pause(self, reason: str) -> None:
        """Dial nothing until `resume`; what waits is told why, and expires in its time."""
        self._paused_because = reason

    def resume(self) -> None:
        """Dial again."""
        self._paused_because = ""
        self.wake()

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
        tick = await self._store.write(lambda tx: self._claim(tx, now))
        self._look_again_at(tick.next_at)
        if tick.is_news:
            self._changed()
        for call, attempt in tick.claimed:
            self._tasks.start(self._dial(call, attempt), name="dispatch.dial")

    # --- claim -----------------------------------------------------------------------

    def _claim(self, tx: Transaction, now: datetime) -> _Tick:
        next_at = tx.next_due_at()
        if not self._is_open or not _is_due(next_at, now):
            return _Tick(next_at=next_at)
        overdue = tx.overdue_calls(now=now, limit=EXPIRE_AT_ONCE)
        for call in overdue:
            _expire(tx, call, now=now)
        if len(overdue) == EXPIRE_AT_ONCE:  # there may be more, and none of them may be dialled
            return _Tick(is_news=True, next_at=now)
        allowed = self._allowed(tx, now)
        claimed = [
            self._take(tx, call, now=now) for call in tx.due_calls(now=now, limit=allowed.calls)
        ]
        next_at = tx.next_due_at()
        if not _is_due(next_at, now):
            return _Tick(claimed=claimed, is_news=True, next_at=next_at)
        left = self._allowed(tx, now) if claimed else allowed
        reason = allowed.reason or left.reason
        untold = tx.untold_calls(now=now, reason=reason, among=LOOK_AHEAD)
        for call in untold:
            _keep_waiting(tx, call, reason=reason, now=now)
        return _Tick(
            claimed=claimed,
            is_news=bool(overdue or claimed or untold),
            next_at=left.look_again_at or allowed.look_again_at,
        )

    def _allowed(self, tx: Transaction, now: datetime) -> Allowance:
        if self._paused_because:
            return Allowance(calls=0, reason=self._paused_because)
        if self.brake.holds(now):
            return Allowance(calls=0, reason=self.brake.reason, look_again_at=self.brake.until)
        plan = allowance(
            self._deployment.limits,
            recent=tx.recent_requests(since=now - WINDOW),
            outstanding=tx.outstanding(now=now),
            now=now,
        )
        if self.brake.is_probing and plan.calls:
            goes_alone = not tx.attempts_in([AttemptState.CLAIMED, AttemptState.SENDING])
            return Allowance(calls=int(goes_alone), reason=self.brake.reason)
        return plan

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
        outcome = self._line.judged(call.id, outcome, now=self._clock.now())
        await self._write_down(attempt, outcome)
        if not is_withdrawn:
            self._line.note(outcome, now=self._clock.now())
        self._changed()
        self.wake()

    def _place_call(self, call: Call, attempt: Attempt) -> PlaceCall:
        request = call.request
        hands_retries_over = self._deployment.service_retries and call.retries_left > 0
        return PlaceCall(
            request=request,
            token=attempt.token,
            retry_count=call.retries_left if hands_retries_over else 0,
            retry_delay=request.retry_delay if hands_retries_over else None,
            schedule_at=request.due_at if self._hands_schedule_over(call) else None,
        )

    def _hands_schedule_over(self, call: Call) -> bool:
        """Whether the voice service shall keep it until its time: not once a person has pressed
        "Call again", which sets another expiry and means now."""
        due_at = call.request.due_at
        if not self._deployment.service_schedules or due_at is None:
            return False
        return due_at > self._clock.now() and call.expires_at == due_at + DEFAULT_EXPIRY

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


def _is_due(next_due: datetime | None, now: datetime) -> bool:
    return next_due is not None and next_due <= now


def _expire(tx: Transaction, call: Call, *, now: datetime) -> None:
    tx.update_call(call.id, **ended(call, CallEvent.EXPIRED, result=Result.EXPIRED, now=now))
    due_at = call.request.due_at or call.due_at
    tell(tx, call.id, EventName.EXPIRED, now=now, due_at=due_at.isoformat())


def _keep_waiting(tx: Transaction, call: Call, *, reason: str, now: datetime) -> None:
    state = call.state
    if state is CallState.SCHEDULED:
        state = next_state(state, CallEvent.CAME_DUE)
    tx.update_call(call.id, state=state, wait_reason=reason)
    tell(tx, call.id, EventName.WAITING, now=now, reason=reason)
