"""Sends what the outbox holds: in order within a channel, side by side across channels.

A lane is a channel, or the address a notice is answered through. One item per lane is under
way, posts in a lane are 1.1 s apart, edits 1.2 s apart over all (Slack counts them per
workspace). What Slack refuses waits in its lane; the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import StoreUnavailable
from bot.ports import Clock, OutboxItem, Store, Transaction
from bot.slack.courier import MAX_REFUSALS, PACE, Courier
from bot.slack.post_office import DEADLINE, SLACK_HOOKS, PostOffice
from bot.slack.troubles import Kind, SlackTrouble

log = structlog.get_logger(__name__)

EDIT_PACE = timedelta(seconds=1.2)
LANES_AT_ONCE = 200
MAX_LOST = 100
"""An item that never gets a usable answer: about eight hours of trying."""

_LONGEST_BACKOFF = 300
_LOOK_AGAIN = timedelta(seconds=1)
_TRY_TOKEN_AGAIN = timedelta(minutes=1)
_EDITS = "edits"
_IN_DOUBT = {Kind.LOST, Kind.BROKEN}
_HARMLESS = {Kind.RATE_LIMITED, Kind.NO_ACCESS}


class OutboxSender:
    """Sends what the outbox holds: `run` for ever, or `drain` once; also side by side."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        client: AsyncWebClient,
        http: aiohttp.ClientSession,
        installation: str,
        response_hosts: Collection[str] = SLACK_HOOKS,
        deadline: timedelta = DEADLINE,
    ) -> None:
        """`client` must have `retry_handlers=[]`; `deadline` bounds each request."""
        post_office = PostOffice(
            client=client, http=http, response_hosts=response_hosts, deadline=deadline
        )
        self._courier = Courier(
            store=store, clock=clock, post_office=post_office, installation=installation
        )
        self._store = store
        self._clock = clock
        self._news = asyncio.Event()
        self._starting = asyncio.Lock()
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._free_at: dict[str, datetime] = {}
        self._paused_until: datetime | None = None
        self._problem = ""

    @property
    def problem(self) -> str:
        """Why Slack takes nothing from us (its own word, like `token_revoked`), or ''."""
        return self._problem

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being sent or looked for, and there is no news of more."""
        is_looking = self._starting.locked()
        return not (self._under_way or is_looking or self._news.is_set())

    def wake(self) -> None:
        """There is something to send."""
        self._news.set()

    async def run(self) -> None:
        """Send until cancelled; never fails. What is under way then is cut and looked for later."""
        try:
            while True:
                self._news.clear()
                await self._wait(await self._start_ready(self._clock.now()))
        finally:
            await self._cut()

    async def drain(self, now: datetime) -> None:
        """Send what may be sent at `now`, and return."""
        while True:
            await self._start_ready(now)
            if not self._under_way:
                return
            await asyncio.wait(set(self._under_way.values()), return_when=asyncio.FIRST_COMPLETED)

    async def _wait(self, until: datetime | None) -> None:
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._news.wait())]
        if until is not None:
            seconds = (until - self._clock.now()).total_seconds()
            waits.append(asyncio.create_task(self._clock.sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def _cut(self) -> None:
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- what may go ------------------------------------------------------------------

    async def _start_ready(self, now: datetime) -> datetime | None:
        """Start what may go at `now`; when to look again (None: only on news)."""
        if self._paused_until is not None and now < self._paused_until:
            return self._paused_until
        async with self._starting:
            # What was under way when we began to read may be done before we have read.
            seen = set(self._under_way)
            try:
                ready, next_at = await self._store.read(lambda tx: _ready(tx, now))
            except StoreUnavailable:
                return now + _LOOK_AGAIN
            for item in ready:
                if _lane(item) not in seen:
                    self._start(item, now=now)
        return self._look_again_at(next_at, now=now)

    def _start(self, item: OutboxItem, *, now: datetime) -> None:
        lane = _lane(item)
        if self._free_at.get(_EDITS if item.is_edit else lane, now) > now:
            return
        if item.is_edit:
            self._free_at[_EDITS] = now + EDIT_PACE
        self._under_way[lane] = asyncio.create_task(self._send(item))

    def _look_again_at(self, next_at: datetime | None, *, now: datetime) -> datetime | None:
        self._free_at = {gate: at for gate, at in self._free_at.items() if at > now}
        if next_at is None:
            return None
        if next_at > now and not self._under_way:
            return next_at
        return min([now + _LOOK_AGAIN, *self._free_at.values()])

    # --- one item ---------------------------------------------------------------------

    async def _send(self, item: OutboxItem) -> None:
        try:
            await self._carry(item)
        except Exception as error:  # noqa: BLE001 - the edge: the loop outlives every failure
            log.warning("slack.outbox_stuck", item_id=item.id, error=type(error).__name__)
        finally:
            if not item.is_edit:
                self._free_at[_lane(item)] = self._clock.now() + PACE
            del self._under_way[_lane(item)]
            self._news.set()

    async def _carry(self, item: OutboxItem) -> None:
        try:
            await self._courier.carry(item)
        except SlackTrouble as trouble:
            await self._put_back(item, trouble)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a card we cannot draw must not block its lane
            await self._put_back(item, SlackTrouble(Kind.BROKEN, type(error).__name__))
        else:
            if not item.response_url:  # those need no token, so they prove nothing about it
                self._problem, self._paused_until = "", None

    async def _put_back(self, item: OutboxItem, trouble: SlackTrouble) -> None:
        """Wait, or give up on it; what may be in Slack already stays marked."""
        now = self._clock.now()
        tries = item.tries + (trouble.kind not in _HARMLESS)
        is_dead = _is_hopeless(trouble.kind, tries)
        if is_dead and item.response_url and item.channel:
            await self._store.write(lambda tx: _tell_directly(tx, item))
            return
        wait = trouble.wait or timedelta(seconds=min(2 ** min(tries, 9), _LONGEST_BACKOFF))
        if trouble.kind is Kind.NO_ACCESS:
            self._problem, self._paused_until = trouble.error, now + _TRY_TOKEN_AGAIN
        may_be_there = trouble.kind in _IN_DOUBT or item.state == "sending"
        state = "dead" if is_dead else "sending" if may_be_there else "pending"
        log.warning(
            "slack.outbox_dead" if is_dead else "slack.outbox_waits",
            item_id=item.id,
            kind=item.kind,
            trouble=trouble.kind.value,
            error=trouble.error,
            tries=tries,
        )
        await self._store.write(
            lambda tx: tx.update_outbox(item.id, state=state, tries=tries, not_before=now + wait)
        )


def _ready(tx: Transaction, now: datetime) -> tuple[list[OutboxItem], datetime | None]:
    """The heads of all lanes that may go; and when the next may."""
    return tx.outbox_pending(now=now, limit=LANES_AT_ONCE), tx.outbox_next_at()


def _tell_directly(tx: Transaction, item: OutboxItem) -> None:
    """A notice whose response_url is spent (S17): the person is told in direct messages."""
    tx.update_outbox(item.id, state="pending", response_url="", tries=0)


def _lane(item: OutboxItem) -> str:
    return item.channel + item.response_url


def _is_hopeless(kind: Kind, tries: int) -> bool:
    if kind in {Kind.RATE_LIMITED, Kind.NO_ACCESS, Kind.NOT_SENT}:
        return False
    if kind is Kind.LOST:
        return tries >= MAX_LOST
    return kind is Kind.HOPELESS or tries >= MAX_REFUSALS
