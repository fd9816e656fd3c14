"""(d) The plan's rate: as many calls as it allows, and not one more."""

from __future__ import annotations

import statistics
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from bench.child import bot_settings, told_by
from bench.peers import a_slack
from bench.table import Row, Section
from bot.sandbox.voice_api import PRO

MINUTES = 5
SPEED = 30
AT_LEAST = 0.99


async def measure(*, repetitions: int, minutes: int = MINUTES) -> Section:
    """Five minutes of compressed time, again and again, each on a new file."""
    told = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="robocall-bench-")))
        slack_url = await stack.enter_async_context(a_slack())
        for number in range(repetitions):
            settings = bot_settings(
                database=folder / f"{number}.db",
                slack_url=slack_url,
                voice_url="http://127.0.0.1:9",  # replaced by the service of the same process
            )
            told.append(await told_by("bench.plan_bot", SPEED, minutes, **settings))
    allowed = (PRO.calls_per_minute or 0) * minutes
    accepted = statistics.median(each["accepted"] for each in told)
    refused = max(each["refused"] for each in told)
    rows = [
        Row(
            what=f"calls accepted in {minutes} minutes",
            bot=f"{accepted:.0f}",
            beside=f"{allowed}",
            ratio=f"{accepted / allowed:.1%}",
            target=f">= {AT_LEAST:.0%}",
            is_met=accepted / allowed >= AT_LEAST,
        ),
        Row(what="429, worst run", bot=f"{refused}", target="none", is_met=refused == 0),
    ]
    return Section(
        title=f"(d) the plan's rate: 100 calls a minute, 20 at once (time runs {SPEED} x)",
        beside="what the plan allows",
        rows=rows,
    )
