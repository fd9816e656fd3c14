"""`kill -9` at moments nobody chose, while calls are made and the lines break."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.campaign import Plan, play
from tests.chaos.stage import a_stage

SEED = 20261123


async def run(folder: Path, plan: Plan, seed: int) -> None:
    """One campaign; its figures are printed with the seed that repeats its faults."""
    async with a_stage(folder, seed=seed) as stage:
        came_to, broken = await play(stage, plan)
        print(f"seed {seed}: {came_to}")  # noqa: T201 - the seed is what a failure needs
        assert broken == [], f"seed {seed}"
        assert came_to.kills == plan.kills
        assert (came_to.twice, came_to.lost) == (0, 0)


async def test_four_kills_and_broken_lines_cost_no_call_and_ring_nobody_twice(
    tmp_path: Path,
) -> None:
    """Forty calls, an eighth of the requests broken, webhooks lost and doubled."""
    await run(tmp_path, Plan(calls=40, kills=4), SEED)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("is_stormy", [True, False], ids=["storm", "calm"])
async def test_a_campaign_of_kills_keeps_the_promise(
    tmp_path: Path, seed: int, is_stormy: bool
) -> None:
    """Three hundred calls and twenty kills, with and without faults on the lines."""
    await run(tmp_path, Plan(calls=300, kills=20, is_stormy=is_stormy), seed)
