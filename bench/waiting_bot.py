"""A bot with many waiting calls, watched from inside: prints what it cost as JSON.

`python -m bench.waiting_bot`, with the bot's settings in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import time
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from bench.heartbeat import Heartbeat
from bot import logs
from bot.config import Settings
from bot.running import Robocall, tune_garbage_collector

CLAIMS = 100
REPETITIONS = 5


async def watched() -> dict[str, Any]:
    """Start, wait until the file is checked, claim what comes due; everything on one heartbeat."""
    settings = Settings.load(dotenv=os.devnull)
    heartbeat = Heartbeat()
    async with heartbeat.beating():
        begun = time.perf_counter()
        bot = await Robocall.open(settings)
        tune_garbage_collector()
        await bot.start()
        store = bot.parts.store
        first_due_at = await store.read(lambda tx: tx.next_due_at())
        started = time.perf_counter() - begun
        assert first_due_at
        await store.verified()
        verified = time.perf_counter() - begun
        looks, claims = await _claims(bot, first_due_at)
        resident = _resident_mb()
        await bot.stop()
    return {
        "started": started,
        "verified": verified,
        "looks": looks,
        "claims": claims,
        "resident": resident,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "longest_gap": heartbeat.longest,
    }


async def _claims(bot: Robocall, first_due_at: datetime) -> tuple[list[float], list[float]]:
    """How long it takes to see what is due next, and to claim 100 calls, in milliseconds.

    It is the dispatcher's own claim; its plan is so large that whatever is due may be dialled.
    """
    store, dispatch = bot.parts.store, bot.parts.services.dispatch
    looks, claims = [], []
    for turn in range(1, REPETITIONS + 1):
        begun = time.perf_counter()
        await store.read(lambda tx: tx.next_due_at())
        looks.append((time.perf_counter() - begun) * 1000)
        now = first_due_at + timedelta(seconds=CLAIMS * turn - 1)
        begun = time.perf_counter()
        tick = await store.write(partial(dispatch._claim, now=now))
        claims.append((time.perf_counter() - begun) * 1000)
        assert len(tick.claimed) == CLAIMS
    return looks, claims


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1024 / 1024


if __name__ == "__main__":
    logs.configure(level="error", is_json=False)
    print(json.dumps(asyncio.run(watched())))
