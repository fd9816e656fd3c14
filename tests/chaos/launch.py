"""`robocall run` as it is, on quick time, and told where to die: python -m tests.chaos.launch."""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from bot import __main__ as command_line
from bot import running
from bot.app import Parts, build
from bot.config import Settings
from bot.voice.client import Timeouts
from tests.chaos import crash_points, mutants
from tests.chaos.quick_time import QuickClock, QuickScheduler

SPEED = "CHAOS_SPEED"
BEGAN = "CHAOS_BEGAN"
CRASH = "CHAOS_CRASH"
MUTANT = "CHAOS_MUTANT"

DEADLINE = timedelta(seconds=1.5)
"""Of a POST, in real seconds; at quick time it is below the two minutes after which an attempt
counts as abandoned."""


def main() -> int:
    """Run the bot with the settings of the environment."""
    vars(running)["build"] = _on_quick_time
    if crash := os.environ.get(CRASH):
        name, _, hits = crash.partition("/")
        crash_points.arm(name, int(hits))
    if mutant := os.environ.get(MUTANT):
        mutants.MUTANTS[mutant].apply()
    return command_line.main(["run"])


async def _on_quick_time(settings: Settings, **_: object) -> Parts:
    clock = QuickClock(speed=float(os.environ[SPEED]), began=float(os.environ[BEGAN]))
    return await build(
        settings,
        clock=clock,
        timer=QuickScheduler(clock),
        timeouts=Timeouts(connect=timedelta(seconds=1), total=DEADLINE),
    )


if __name__ == "__main__":
    sys.exit(main())
