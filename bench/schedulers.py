"""Deferred work in three stores: `python -m bench.schedulers NAME COUNT FILE` prints its costs.

Each adds COUNT things to do, starts again on the same file, and does what is due, which is all
of it. The thing done is nothing at all; what the store costs is what counts.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import sys
import threading
import time
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from huey import SqliteHuey

from bench.commands import CHANNELS, phone
from bench.heartbeat import Heartbeat
from bot.domain.call import CallRequest
from bot.domain.deployment import Deployment
from bot.domain.dial_policy import PlanLimits
from bot.scheduler import SystemClock
from bot.services.dispatch_calls import DispatchCalls
from bot.services.request_calls import RequestCalls
from bot.voice.callback import CallbackAddresses
from bot.voice.client import HttpVoiceService
from storage.database import Database

Costs = dict[str, float]

_done = 0
_all_done = threading.Event()
_expected = 0


def _count_one() -> None:
    global _done  # noqa: PLW0603 - a job is found by its name, it cannot be a method of something
    _done += 1
    if _done == _expected:
        _all_done.set()


async def job() -> None:
    """What APScheduler runs."""
    _count_one()


async def apscheduler(count: int, path: Path) -> Costs:
    """One job per thing in the SQLAlchemy store, with the store's own settings."""
    begun = time.perf_counter()
    scheduler = _scheduler(path)
    scheduler.start(paused=True)
    due_at = SystemClock().now() - timedelta(seconds=1)
    for _ in range(count):
        scheduler.add_job(job, "date", run_date=due_at)
    scheduler.shutdown()
    await asyncio.sleep(0)
    added = time.perf_counter()
    scheduler = _scheduler(path)
    scheduler.start(paused=True)
    started = time.perf_counter()
    heartbeat = Heartbeat()
    async with heartbeat.beating():
        await asyncio.sleep(0.01)
        scheduler.resume()
        await asyncio.to_thread(_all_done.wait)
    ran = time.perf_counter()
    return _costs(begun, added, started, ran, blocked=heartbeat.longest)


def _scheduler(path: Path) -> AsyncIOScheduler:
    return AsyncIOScheduler(
        jobstores={"default": SQLAlchemyJobStore(url=f"sqlite:///{path}")},
        job_defaults={"misfire_grace_time": None},
    )


async def huey(count: int, path: Path) -> Costs:
    """One task per thing, with Huey's own settings; its consumer is a thread."""
    queue = SqliteHuey(filename=str(path))
    task = queue.task()(_count_one)
    begun = time.perf_counter()
    for _ in range(count):
        task.schedule(delay=0)
    added = time.perf_counter()
    consumer = queue.create_consumer(workers=1, periodic=False, check_worker_health=False)
    consumer.start()
    started = time.perf_counter()
    await asyncio.to_thread(_all_done.wait)
    ran = time.perf_counter()
    consumer.stop(graceful=True)
    return _costs(begun, added, started, ran)


async def robocall(count: int, path: Path) -> Costs:
    """One call per thing: asked for as a command does, claimed as the dispatcher does."""
    store = await Database.open(path)
    begun = time.perf_counter()
    requests = RequestCalls(
        store=store, clock=SystemClock(), deployment=_UNBOUNDED, wake=lambda: None
    )
    asked = (requests.request(_request(n), dedupe_key=f"bench:{n}") for n in range(count))
    await asyncio.gather(*asked)
    added = time.perf_counter()
    await store.close()
    closed = time.perf_counter()
    store = await Database.open(path)
    await store.read(lambda tx: tx.next_due_at())
    started = time.perf_counter()
    heartbeat = Heartbeat()
    async with heartbeat.beating():
        dispatch = _dispatcher(store)
        dispatch.begin()
        tick = await store.write(partial(dispatch._claim, now=SystemClock().now()))
    ran = time.perf_counter()
    assert len(tick.claimed) == count
    await store.close()
    return _costs(begun, added, started, ran, blocked=heartbeat.longest, pause=closed - added)


_NOWHERE = CallbackAddresses(public_url=None, keys={"1": bytes(16)}, current_kid="1")
_UNBOUNDED = Deployment(limits=PlanLimits(calls_per_minute=100_000, concurrent_calls=100_000))


class _NoTasks:
    """Nothing happens by itself: the claim is asked for, and nobody is dialled."""

    def start(self, work: Coroutine[Any, Any, object], *, name: str) -> None:
        """Forget it."""
        del name
        work.close()


def _dispatcher(store: Database) -> DispatchCalls:
    clock = SystemClock()
    return DispatchCalls(
        store=store,
        clock=clock,
        voice=HttpVoiceService(base_url="", api_key="unused", addresses=_NOWHERE, clock=clock),
        deployment=_UNBOUNDED,
        tasks=_NoTasks(),
        new_token=lambda: secrets.token_bytes(16),
        changed=lambda: None,
        look_again_at=lambda _: None,
    )


def _request(number: int) -> CallRequest:
    return CallRequest(
        phone_number=phone(number),
        requested_by="U0BENCH",
        channel=f"C0BENCH{number % CHANNELS:02d}",
        message=f"Hello, table {number} is ready.",
    )


def _costs(
    begun: float,
    added: float,
    started: float,
    ran: float,
    *,
    blocked: float = 0.0,
    pause: float = 0.0,
) -> Costs:
    return {
        "add": added - begun,
        "start": started - added - pause,
        "run": ran - started,
        "blocked": blocked,
    }


STORES: dict[str, Any] = {"apscheduler": apscheduler, "huey": huey, "robocall": robocall}

if __name__ == "__main__":
    logging.disable()
    _expected = int(sys.argv[2])
    print(json.dumps(asyncio.run(STORES[sys.argv[1]](_expected, Path(sys.argv[3])))))
