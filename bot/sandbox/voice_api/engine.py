"""The voice service itself: it takes requests, lets calls live, and remembers them.

One task per call walks it through its life; `Line` is one try of it:

    scheduled --due--> queued --slot, 2 s--> ringing --> in_progress --> completed
                         ^                      |
                         +---- retry_delay -----+  busy, no_answer, failed with retries left
    scheduled, queued --DELETE--> cancelled

State is in memory only, and the oldest ended calls are forgotten.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.sandbox.clock import Clock, RealClock
from bot.sandbox.voice_api import panel, wire
from bot.sandbox.voice_api.acts import POSSIBLE, Act
from bot.sandbox.voice_api.errors import ApiError
from bot.sandbox.voice_api.feed import Feed
from bot.sandbox.voice_api.limits import FREE, CallRate, Plan, Slots
from bot.sandbox.voice_api.line import RING, Line
from bot.sandbox.voice_api.models import (
    CANCELLABLE,
    RETRIED,
    Call,
    CallRequest,
    Heard,
    Result,
    Status,
)
from bot.sandbox.voice_api.phones import Handsets
from bot.sandbox.voice_api.tasks import Tasks
from bot.sandbox.voice_api.webhooks import Delivery, Postman

DIAL_DELAY = 2.0  # seconds that a call is queued although a slot is free: time to cancel it
_ENDED_KEPT = 200_000
_DELIVERIES_KEPT = 500
_TRY_AGAIN = 5.0  # seconds after which a line may have become free


class VoiceService:
    """An embedded Robo Voice Call service with simulated phones."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        plan: Plan = FREE,
        api_key: str | None = None,
        remote_callbacks: bool = False,
        delivery_timeout: float = 10.0,
        ended_kept: int = _ENDED_KEPT,
    ) -> None:
        """Serve `plan` to whoever knows `api_key` (None: to any bearer).

        Webhooks go to this machine and private networks only, unless `remote_callbacks`;
        `delivery_timeout` is in real seconds.
        """
        self.clock: Clock = clock or RealClock()
        self.plan = plan
        self.api_key = api_key
        self.handsets = Handsets()
        self.feed = Feed()
        self.deliveries: deque[Delivery] = deque(maxlen=_DELIVERIES_KEPT)
        self._rate = CallRate(plan.calls_per_minute)
        self._slots = Slots(plan.concurrent)
        self._tasks = Tasks()
        self._postman = Postman(
            clock=self.clock,
            tasks=self._tasks,
            watch=self._delivered,
            remote_callbacks=remote_callbacks,
            timeout=delivery_timeout,
        )
        self._calls: dict[str, Call] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._lines: dict[str, Line] = {}
        self._ended: deque[str] = deque()
        self._ended_kept = ended_kept

    # --- the contract -----------------------------------------------------------------------

    def place(self, request: CallRequest) -> Call:
        """Accept one call; raises `ApiError` (429) when the plan does not allow it now."""
        return self._accept([request])[0]

    def place_batch(self, requests: Sequence[CallRequest]) -> tuple[str, list[Call]]:
        """Accept all calls of a batch, or none with `ApiError` (429); batch_id and calls."""
        return f"batch_{secrets.token_hex(6)}", self._accept(requests)

    def get(self, call_id: str) -> Call:
        """The call; raises `ApiError` (404) when it is unknown or forgotten."""
        call = self._calls.get(call_id)
        if call is None:
            raise ApiError(status=404, code="call_not_found", message="there is no such call")
        return call

    def cancel(self, call_id: str) -> Call:
        """Stop a call that has not begun to ring; raises `ApiError` (404, 409)."""
        call = self.get(call_id)
        if call.status not in CANCELLABLE:
            why = f"the call is {call.status}; only a scheduled or queued call can be cancelled"
            raise ApiError(status=409, code="not_cancellable", message=why)
        self._lives[call_id].cancel()
        self._end(call, Status.CANCELLED)
        return call

    def estimated_start(self, call: Call) -> datetime:
        """When somebody may pick up, at the earliest."""
        return call.created_at + timedelta(seconds=DIAL_DELAY + RING)

    # --- the phones -------------------------------------------------------------------------

    def active(self) -> list[Call]:
        """The calls that are not over, in the order of their requests."""
        return [self._calls[call_id] for call_id in self._lives]

    async def act(self, call_id: str, act: Act) -> Call:
        """Do something with the phone of a call, and wait until it has had its effect.

        Raises `ApiError` (404, or 409 when that cannot be done with the phone now).
        """
        call = self.get(call_id)
        if call.status not in POSSIBLE[act.deed]:
            why = f"the call is {call.status}: {act.deed} is not possible now"
            raise ApiError(status=409, code="not_possible", message=why)
        await self._lines[call_id].acts.do(act)
        return call

    async def settle(self) -> None:
        """Wait until no webhook is on its way."""
        await self.clock.settle()

    async def close(self) -> None:
        """End every call and delivery where it stands."""
        self.feed.close()
        await self._tasks.close()
        await self._postman.close()

    # --- a call's life ----------------------------------------------------------------------

    def _accept(self, requests: Sequence[CallRequest]) -> list[Call]:
        now = self.clock.now()
        at_once = sum(request.schedule_at is None for request in requests)
        self._admit(len(requests), at_once, now)
        self._rate.count(len(requests), now)
        return [self._begin(request, now) for request in requests]

    def _admit(self, calls: int, at_once: int, now: datetime) -> None:
        wait = self._rate.wait(calls, now)
        if wait > 0:
            why = f"the {self.plan.name} plan allows {self.plan.calls_per_minute} calls a minute"
            raise self._too_many("rate_limited", why, wait)
        if not self._slots.free(at_once):
            why = f"the {self.plan.name} plan allows {self.plan.concurrent} calls at once"
            raise self._too_many("concurrent_limit", why, _TRY_AGAIN)

    def _too_many(self, code: str, message: str, wait: float) -> ApiError:
        real = max(1, math.ceil(wait / self.clock.speed))
        return ApiError(status=429, code=code, message=message, retry_after=real)

    def _begin(self, request: CallRequest, now: datetime) -> Call:
        scheduled = request.schedule_at is not None
        call = Call(
            call_id=f"robo_{secrets.token_hex(6)}",
            request=request,
            created_at=now,
            status=Status.SCHEDULED if scheduled else Status.QUEUED,
        )
        if not scheduled:
            self._slots.take(call.call_id)
        self._calls[call.call_id] = call
        self._lives[call.call_id] = self._tasks.start(self._live(call))
        self.changed(call)
        return call

    async def _live(self, call: Call) -> None:
        if call.request.schedule_at is not None:
            while (left := call.request.schedule_at - self.clock.now()) > timedelta(0):
                await self.clock.sleep(left.total_seconds())
        result = await self._try(call)
        for _ in range(call.request.retry_count):
            if result not in RETRIED:
                break
            self._queue(call)
            await self.clock.sleep(call.request.retry_delay * 60)
            result = await self._try(call)
        self._end(call, Status.COMPLETED, result)
        self.report(call, wire.completed_event(call, self.clock.now()))

    async def _try(self, call: Call) -> Result:
        self._queue(call)
        await self._slots.acquire(call.call_id)
        await self.clock.sleep(DIAL_DELAY)
        behaviour = self.handsets.rings(call.request.phone_number)
        line = Line(call=call, behaviour=behaviour, exchange=self)
        self._lines[call.call_id] = line
        try:
            return await line.run()
        finally:
            del self._lines[call.call_id]
            self._slots.release(call.call_id)

    def _queue(self, call: Call) -> None:
        if call.status is not Status.QUEUED:
            call.status = Status.QUEUED
            self.changed(call)

    def _end(self, call: Call, status: Status, result: Result | None = None) -> None:
        call.status = status
        call.result = result
        call.ended_at = self.clock.now()
        self._slots.release(call.call_id)
        del self._lives[call.call_id]
        self._ended.append(call.call_id)
        if len(self._ended) > self._ended_kept:
            del self._calls[self._ended.popleft()]
        self.changed(call)

    # --- what a line needs (`line.Exchange`) ------------------------------------------------

    def changed(self, call: Call) -> None:
        """Show the call, as it now is, to whoever watches."""
        if self.feed.watched:
            self.feed.publish({"type": "call", "call": panel.live(call)})

    def report(self, call: Call, event: wire.Json) -> None:
        """Send a webhook event to the call's callback_url, if it has one."""
        if call.request.callback_url is not None:
            self.post(call, call.request.callback_url, event)

    def post(self, call: Call, url: str, body: wire.Json) -> None:
        """Send a body for the call, after everything that was sent for it before."""
        self._postman.send(call.call_id, url, body)

    def hear(self, call: Call, item: Heard) -> None:
        """Remember what the phone hears from now on."""
        call.heard.append(item)
        self.handsets[call.request.phone_number].heard.append(item)
        self.changed(call)

    def _delivered(self, delivery: Delivery) -> None:
        self.deliveries.append(delivery)
        if self.feed.watched:
            self.feed.publish({"type": "delivery", "delivery": panel.delivery(delivery)})
