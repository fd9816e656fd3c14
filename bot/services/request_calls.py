"""A person asks for a call: store it, durably and once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.call import DEFAULT_EXPIRY, Call, CallRequest
from bot.domain.call_state import CallState
from bot.domain.deployment import Deployment
from bot.domain.timeline import EventName
from bot.domain.voice_event import Source
from bot.ports import Clock, Event, Store, Transaction

TWIN_WINDOW = timedelta(seconds=120)
"""Asking for the same again this soon is more often a slip than a wish (catalogue S2)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requested:
    """A new call is stored."""

    call: Call


@dataclass(frozen=True, kw_only=True, slots=True)
class AlreadyRequested:
    """Slack delivered the same words twice: this is the call they made the first time."""

    call: Call


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedBefore:
    """The same person asked for the same call a moment ago; nothing new was started."""

    call: Call
    ago: timedelta


class RequestCalls:
    """Stores what was asked for and lets the dispatcher know."""

    def __init__(
        self, *, store: Store, clock: Clock, deployment: Deployment, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._deployment = deployment
        self._wake = wake

    async def request(
        self,
        request: CallRequest,
        *,
        dedupe_key: str,
        response_url: str = "",
        is_deliberate: bool = False,
    ) -> Requested | AlreadyRequested | AskedBefore:
        """Store `request`; `dedupe_key` names Slack's delivery. Raises StoreUnavailable.

        `is_deliberate`: the same call a moment ago does not matter, this one is meant.
        """
        now = self._clock.now()

        def work(tx: Transaction) -> Requested | AlreadyRequested | AskedBefore:
            known = tx.call_by_dedupe_key(dedupe_key)
            if known:
                return AlreadyRequested(call=known)
            twin = None if is_deliberate else tx.twin_of(request, since=now - TWIN_WINDOW)
            if twin and twin.request.due_at == request.due_at:
                return AskedBefore(call=twin, ago=now - twin.created_at)
            return self._add(tx, request, key=dedupe_key, response_url=response_url, now=now)

        answer = await self._store.write(work)
        if isinstance(answer, Requested):
            self._wake()
        return answer

    async def request_twin(
        self, call_id: int, *, by: str, dedupe_key: str, response_url: str = ""
    ) -> Requested | AlreadyRequested | None:
        """Store the same request once more, since the person says that they mean it.

        None if there is no such call or it is somebody else's.
        """
        now = self._clock.now()

        def work(tx: Transaction) -> Requested | AlreadyRequested | None:
            known = tx.call_by_dedupe_key(dedupe_key)
            if known:
                return AlreadyRequested(call=known)
            first = tx.call(call_id)
            if first is None or first.request.requested_by != by:
                return None
            again = first.request
            if again.due_at and again.due_at <= now:
                again = replace(again, due_at=None)
            return self._add(tx, again, key=dedupe_key, response_url=response_url, now=now)

        answer = await self._store.write(work)
        if isinstance(answer, Requested):
            self._wake()
        return answer

    def _add(
        self,
        tx: Transaction,
        request: CallRequest,
        *,
        key: str,
        response_url: str,
        now: datetime,
    ) -> Requested:
        is_later = request.due_at is not None and request.due_at > now
        waits_here = is_later and not self._deployment.service_schedules
        chosen = request.due_at if is_later and request.due_at else now
        due_at = chosen if waits_here else now
        call_id = tx.add_call(
            request,
            state=CallState.SCHEDULED if waits_here else CallState.QUEUED,
            created_at=now,
            due_at=due_at,
            expires_at=chosen + DEFAULT_EXPIRY,
            dedupe_key=key,
            response_url=response_url,
        )
        call = tx.call(call_id) if call_id is not None else None
        if call is None:
            raise AssertionError("a call was looked for by its key and then refused for it")
        tx.add_event(
            Event(call_id=call.id, source=Source.SLACK, event=EventName.REQUESTED, created_at=now)
        )
        tx.show_card(call.id, now=now)
        return Requested(call=call)
