"""Every known-bad edit is noticed: by the model, or by the process that dies."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.checker import violations
from tests.chaos.model import Promise
from tests.chaos.mutants import MUTANTS, mutated
from tests.chaos.stage import a_stage
from tests.chaos.test_model import LONG

SEEN_BY_THE_MODEL = [name for name, mutant in MUTANTS.items() if not mutant.shows]
SEEN_FROM_OUTSIDE = [name for name, mutant in MUTANTS.items() if mutant.shows]
HUNT = settings(
    LONG,
    max_examples=1500,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
)
ENOUGH = 20.0

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize("name", SEEN_BY_THE_MODEL)
def test_the_model_notices_the_mistake(name: str) -> None:
    """Some history breaks the promise."""
    with mutated(name), pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(Promise, settings=HUNT)


@pytest.mark.parametrize("name", SEEN_FROM_OUTSIDE)
async def test_the_checker_notices_the_mistake(tmp_path: Path, name: str) -> None:
    """One crash, or one broken line, and the truth says something else than the bot."""
    shows = MUTANTS[name].shows
    async with a_stage(tmp_path, mutant=name) as stage:
        if shows == "drop_after":
            stage.line.breaks("drop_after")
        await stage.start_bot(crash=shows if "/" in shows else "")
        await asyncio.gather(*(stage.ask() for _ in range(4)))
        if "/" in shows:
            assert await stage.dies()
            await stage.start_bot()
        with suppress(TimeoutError):
            await stage.all_settled(ENOUGH)
        assert any(one.startswith(MUTANTS[name].breaks) for one in violations(stage))
