"""(a) From a command to its acknowledgement, stored durably first."""

from __future__ import annotations

import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from bench.child import a_bot, a_limit, bot_settings
from bench.commands import commands
from bench.load import Load, press
from bench.peers import a_hanging_voice, a_slack
from bench.table import Row, Section, median_ratio, ms, rate
from bot.sandbox.voice_api import PRO, start
from storage.reading import call_log

CONNECTIONS = (1, 16, 64)
MOST = 2.0
HANGING_MS = 100.0


async def measure(*, repetitions: int, seconds: float) -> Section:
    """Commands at the bot and at the bare app in turn; then at a bot whose voice service hangs."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="robocall-bench-")))
        slack_url = await stack.enter_async_context(a_slack())
        rows = await _beside_bolt(folder, slack_url, repetitions=repetitions, seconds=seconds)
        rows.append(await _hanging(folder, slack_url, repetitions=repetitions, seconds=seconds))
    return Section(
        title="(a) command to acknowledgement, stored durably first (signed HTTP)",
        beside="bare Bolt + bare commit",
        rows=rows,
    )


async def _beside_bolt(
    folder: Path, slack_url: str, *, repetitions: int, seconds: float
) -> list[Row]:
    database = folder / "robocall.db"
    voice = await start(plan=PRO)
    settings = bot_settings(database=database, slack_url=slack_url, voice_url=voice.api_url)
    runs: dict[int, list[tuple[Load, Load]]] = {number: [] for number in CONNECTIONS}
    try:
        async with a_bot(settings) as bot, a_limit("bolt", folder, slack_url=slack_url) as bolt:
            for url in (bot, bolt):
                await press(url, commands(), connections=16, seconds=seconds)
            for _ in range(repetitions):
                for number in CONNECTIONS:
                    ours = await _commands(bot, database, connections=number, seconds=seconds)
                    limit = await press(bolt, commands(), connections=number, seconds=seconds)
                    runs[number].append((ours, limit))
    finally:
        await voice.close()
    return [row for number in CONNECTIONS for row in _rows(number, runs[number])]


async def _commands(url: str, database: Path, *, connections: int, seconds: float) -> Load:
    """One run at the bot; what it acknowledged must be in the log."""
    before = _stored(database)
    load = await press(url, commands(), connections=connections, seconds=seconds)
    stored = _stored(database) - before
    assert stored == len(load.bodies), f"{len(load.bodies)} acknowledged, {stored} stored"
    return load


def _stored(database: Path) -> int:
    with call_log(database) as (_, rows):
        return sum(1 for _ in rows)


def _rows(number: int, runs: list[tuple[Load, Load]]) -> list[Row]:
    ours, limit = [a for a, _ in runs], [b for _, b in runs]
    ratio = median_ratio([a.p50 for a in ours], [b.p50 for b in limit])
    at = f"{number} connection{'s' if number > 1 else ''}"
    return [
        Row(
            what=f"{at}: p50",
            bot=ms([a.p50 for a in ours]),
            beside=ms([b.p50 for b in limit]),
            ratio=f"{ratio:.2f}",
            target=f"<= {MOST:.0f} x",
            is_met=ratio <= MOST,
        ),
        Row(
            what=f"{at}: p99, throughput",
            bot=f"{ms([a.p99 for a in ours])}, {rate([a.rate for a in ours])}",
            beside=f"{ms([b.p99 for b in limit])}, {rate([b.rate for b in limit])}",
        ),
    ]


async def _hanging(folder: Path, slack_url: str, *, repetitions: int, seconds: float) -> Row:
    database = folder / "hanging.db"
    loads = []
    async with a_hanging_voice() as voice_url:
        settings = bot_settings(database=database, slack_url=slack_url, voice_url=voice_url)
        async with a_bot(settings) as bot:
            for _ in range(repetitions + 1):  # the first is for warming up
                loads.append(await _commands(bot, database, connections=16, seconds=seconds))
    slowest = statistics.median(load.p99 for load in loads[1:])
    return Row(
        what="16 at once, voice service hangs: p99",
        bot=ms([load.p99 for load in loads[1:]]),
        target=f"< {HANGING_MS:.0f} ms",
        is_met=slowest < HANGING_MS,
    )
