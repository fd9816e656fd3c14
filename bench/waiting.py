"""(c) A million waiting calls; and deferred work in other people's stores."""

from __future__ import annotations

import asyncio
import shutil
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.child import bot_settings, told_by
from bench.peers import a_hanging_voice, a_slack
from bench.table import Row, Section, ms, seconds
from bot.scheduler import SystemClock
from storage.database import Database
from tests.support.seed import seed_calls

START_SECONDS = 2.0
CLAIM_MS = 20.0
RESIDENT_MB = 150.0
BLOCKED_MS = 50.0

Told = Sequence[dict[str, Any]]


async def measure(*, repetitions: int, calls: int) -> Section:
    """Start a bot on a copy of one and the same file, again and again."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="robocall-bench-")))
        slack_url = await stack.enter_async_context(a_slack())
        voice_url = await stack.enter_async_context(a_hanging_voice())
        original, database = folder / "original.db", folder / "robocall.db"
        await seeded(original, calls)
        settings = bot_settings(database=database, slack_url=slack_url, voice_url=voice_url)
        settings |= {"voice_calls_per_minute": 100_000, "voice_concurrent_calls": 10_000}
        told, idle = [], []
        for _ in range(repetitions):
            await asyncio.to_thread(shutil.copyfile, original, database)
            told.append(await told_by("bench.waiting_bot", **settings))
            idle.append(await told_by("bench.idle", told[-1]["verified"]))
    return Section(
        title=f"(c) {calls:,} waiting calls",
        beside="nothing to do",
        rows=_rows(told, idle),
    )


async def seeded(database: Path, calls: int) -> None:
    """A file with that many calls that wait, the first of them for an hour."""
    await (await Database.open(database)).close()
    first_due_at = SystemClock().now() + timedelta(hours=1)
    await asyncio.to_thread(seed_calls, database, calls, first_due_at=first_due_at)


def _rows(told: Told, idle: Sequence[float]) -> list[Row]:
    started, verified = _each(told, "started"), _each(told, "verified")
    looks = [value for one in told for value in one["looks"]]
    claims = [value for one in told for value in one["claims"]]
    both = statistics.median(looks) + statistics.median(claims)
    resident, gaps = _each(told, "resident"), _each(told, "longest_gap")
    return [
        _row("start: open, recover, first look", seconds, started, limit=START_SECONDS, unit="s"),
        Row(what="until the whole file is checked", bot=seconds(verified)),
        Row(
            what="next due, claim of 100",
            bot=f"{ms(looks)}, {ms(claims)}",
            target=f"< {CLAIM_MS:.0f} ms",
            is_met=both < CLAIM_MS,
        ),
        _row("resident memory", megabytes, resident, limit=RESIDENT_MB, unit="MB"),
        _row("event loop blocked, longest", ms, gaps, limit=BLOCKED_MS, unit="ms", beside=ms(idle)),
    ]


def _each(told: Told, name: str) -> list[float]:
    return [float(one[name]) for one in told]


def _row(
    what: str,
    show: Callable[[Sequence[float]], str],
    values: Sequence[float],
    *,
    limit: float,
    unit: str,
    beside: str = "",
) -> Row:
    is_met = statistics.median(values) < limit
    target = f"< {limit:.0f} {unit}"
    return Row(what=what, bot=show(values), beside=beside, target=target, is_met=is_met)


def megabytes(values: Sequence[float]) -> str:
    """The median of megabytes."""
    return f"{statistics.median(values):.0f} MB"


# --- other stores -------------------------------------------------------------------------

STORES = {"robocall": "the bot", "apscheduler": "APScheduler, SQLAlchemy", "huey": "Huey, SQLite"}


async def compare(*, repetitions: int, count: int) -> list[Section]:
    """Each store in turn, again and again."""
    costs: dict[str, list[dict[str, float]]] = {name: [] for name in STORES}
    with tempfile.TemporaryDirectory(prefix="robocall-bench-") as folder:
        for turn in range(repetitions):
            for name, told in costs.items():
                path = Path(folder) / f"{name}-{turn}.db"
                told.append(await told_by("bench.schedulers", name, count, path))
    return [_comparison(costs, peer, count=count) for peer in ("apscheduler", "huey")]


def _comparison(costs: dict[str, list[dict[str, float]]], peer: str, *, count: int) -> Section:
    ours, theirs = costs["robocall"], costs[peer]
    rows = [
        Row(
            what=what,
            bot=seconds(_each(ours, name)),
            beside=seconds(_each(theirs, name)),
            ratio=f"{_median(ours, name) / _median(theirs, name):.2f}",
        )
        for name, what in (("add", "add"), ("run", "take what is due"))
    ]
    rows.insert(1, _start_row(ours, theirs))
    if peer == "apscheduler":
        blocked = [_each(each, "blocked") for each in (ours, theirs)]
        rows.append(Row(what="event loop blocked", bot=ms(blocked[0]), beside=ms(blocked[1])))
    return Section(
        title=f"    beside it, {count:,} things to do in {STORES[peer]}",
        beside=STORES[peer],
        rows=rows,
    )


def _start_row(ours: Told, theirs: Told) -> Row:
    return Row(
        what="start again",
        bot=seconds(_each(ours, "start")),
        beside=seconds(_each(theirs, "start")),
    )


def _median(told: Told, name: str) -> float:
    return statistics.median(_each(told, name))
