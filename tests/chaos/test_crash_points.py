"""Killed at every named point of fault-catalogue 3.2, then started again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.chaos.checker import figures, violations
from tests.chaos.crash_points import POINTS
from tests.chaos.stage import Stage, a_stage

AT_ONCE = 4
CRASHES = [
    f"{point}/{hits}"
    for point in POINTS
    for hits in (1, 3, 7)
    if not point.startswith(("recover.", "commit."))
]
COMMITS = [f"commit.{side}/{hits}" for side in ("before", "after") for hits in (2, 9, 17, 31)]
WHILE_IT_RECOVERS = ("recover.before_commit/1", "recover.before_commit/2", "recover.after_commit/1")

ONE_AFTER_THE_OTHER = (
    "mark.after_commit/1",
    "recover.after_commit/1",
    "answer.before_read/3",
    "webhook.after_commit/3",
    "outbox.after_post/3",
)
"""Those that a careless edit would break, in a row: each process recovers from the last."""


async def die(stage: Stage, crash: str) -> None:
    """Ask for calls until the bot dies at its point."""
    await stage.start_bot(crash=crash)
    await asyncio.gather(*(stage.ask() for _ in range(AT_ONCE)))
    assert await stage.dies(), f"the bot never came to {crash}"


async def live(stage: Stage) -> None:
    """Start it whole, ask for more, let it finish, and hold it to the promise."""
    await stage.start_bot()
    await asyncio.gather(*(stage.ask() for _ in range(AT_ONCE)))
    await stage.all_settled()
    assert await stage.stop_bot() == 0
    assert violations(stage) == []
    print(figures(stage))  # noqa: T201 - the figures of `make chaos`


async def test_a_bot_that_dies_again_and_again_keeps_the_promise(tmp_path: Path) -> None:
    """Five lives, each ended at another point while four more calls are asked for."""
    async with a_stage(tmp_path) as stage:
        for crash in ONE_AFTER_THE_OTHER:
            await die(stage, crash)
        await live(stage)
        assert stage.kills == len(ONE_AFTER_THE_OTHER)


@pytest.mark.chaos
@pytest.mark.parametrize("crash", [*CRASHES, *COMMITS])
async def test_a_kill_at_this_point_breaks_no_promise(tmp_path: Path, crash: str) -> None:
    """Four calls at a time until it dies there; nothing rings twice, nothing is lost."""
    async with a_stage(tmp_path) as stage:
        await stage.start_bot(crash=crash)
        while not await stage.dies(1.0):
            await asyncio.gather(*(stage.ask() for _ in range(AT_ONCE)))
        await live(stage)


@pytest.mark.chaos
@pytest.mark.parametrize("crash", WHILE_IT_RECOVERS)
async def test_a_kill_while_it_recovers_breaks_no_promise(tmp_path: Path, crash: str) -> None:
    """Two calls in the air when it dies; then it dies once more while it looks at them."""
    async with a_stage(tmp_path) as stage:
        await die(stage, "mark.after_commit/3")
        await stage.start_bot(crash=crash)
        assert await stage.dies()
        await live(stage)
