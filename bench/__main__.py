"""`python -m bench [a] [b] [c] [d] [--quick]`: measure, and print one table."""

from __future__ import annotations

import argparse
import asyncio
import gc
import platform
import sqlite3
import sys
from collections.abc import Awaitable, Callable

from bench import acknowledge, plan_rate, waiting, webhooks
from bench.table import Section, printed

Sizes = argparse.Namespace
Part = Callable[[Sizes], Awaitable[list[Section]]]

FULL = Sizes(
    repetitions=5,
    seconds=1.5,
    calls=1500,
    waiting=1_000_000,
    stores=3,
    count=10_000,
    minutes=5,
)
QUICK = Sizes(
    repetitions=3,
    seconds=0.5,
    calls=500,
    waiting=100_000,
    stores=1,
    count=1_000,
    minutes=2,
)


async def _commands(of: Sizes) -> list[Section]:
    return [await acknowledge.measure(repetitions=of.repetitions, seconds=of.seconds)]


async def _webhooks(of: Sizes) -> list[Section]:
    return [await webhooks.measure(repetitions=of.repetitions, calls=of.calls)]


async def _waiting(of: Sizes) -> list[Section]:
    million = await waiting.measure(repetitions=of.repetitions, calls=of.waiting)
    return [million, *await waiting.compare(repetitions=of.stores, count=of.count)]


async def _plan(of: Sizes) -> list[Section]:
    return [await plan_rate.measure(repetitions=of.repetitions, minutes=of.minutes)]


PARTS: dict[str, Part] = {"a": _commands, "b": _webhooks, "c": _waiting, "d": _plan}


async def run(parts: list[str], sizes: Sizes) -> list[Section]:
    """The sections of these parts, one after the other."""
    sections: list[Section] = []
    for part in parts:
        print(f"measuring ({part}) ...", file=sys.stderr, flush=True)
        sections += await PARTS[part](sizes)
    return sections


def main() -> int:
    """Measure what was asked for; 1 if a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="a|b|c|d", help="the parts; all if none")
    parser.add_argument("--quick", action="store_true", help="smaller and less certain")
    given = parser.parse_args()
    parts = given.parts or list(PARTS)
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    gc.set_threshold(50_000, 50, 100)  # the load generator must not pause for itself
    sections = asyncio.run(run(parts, QUICK if given.quick else FULL))
    print(f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, medians")
    print(printed(sections))
    return int(any(row.is_met is False for section in sections for row in section.rows))


if __name__ == "__main__":
    raise SystemExit(main())
