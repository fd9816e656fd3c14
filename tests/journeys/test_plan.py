from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.slack import render_channel
from bot.sandbox.voice_api import FREE
from tests.support.voice_side import asked, keeps_the_promise
from tests.support.world import DESK, World, a_world

NUMBERS = [f"+141555501{number}" for number in range(30, 45)]
PLAN: dict[str, Any] = {"voice_calls_per_minute": 10, "voice_concurrent_calls": 2}


@pytest.fixture
async def free(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose voice service allows 10 calls a minute and 2 at once, and says so by 429."""
    async with a_world(tmp_path, plan=FREE) as made:
        yield made


async def ask_for_fifteen(world: World) -> None:
    """Fifteen people are to be rung, all at once."""
    for number in NUMBERS:
        await world.command(f"{number} Hello")


def waits(world: World) -> set[str]:
    """What the cards say that they wait for."""
    told = render_channel(world.workspace, DESK, as_user="ben")
    lines = {line.strip() for line in told.splitlines()}
    return {line for line in lines if line.startswith("Waiting because:")}


def statuses(world: World) -> set[int]:
    """What the voice service answered, to whatever it was asked."""
    return {status for _, status in world.line.said}


async def test_fifteen_calls_keep_to_the_plan(free: World) -> None:
    """Two at once and ten a minute: nobody is turned away, and everybody is rung in turn."""
    await free.start_bot(**PLAN)
    await ask_for_fifteen(free)
    assert len(free.line.accepted) == 2
    await free.pass_time(50)
    assert len(free.line.accepted) == 10
    await free.pass_time(60)
    assert {call["result"] for call in free.rows()} == {"answered"}
    assert statuses(free) == {200}
    keeps_the_promise(free)


async def test_waiting_calls_say_why(free: World) -> None:
    """First for a line, then for the minute: the card says which."""
    await free.start_bot(**PLAN)
    await ask_for_fifteen(free)
    await free.pass_time(20)
    assert "Waiting because: the plan allows 2 calls at once" in waits(free)
    await free.pass_time(30)
    assert "Waiting because: the plan allows 10 calls a minute" in waits(free)
    await free.pass_time(80)
    assert waits(free) == set()
    keeps_the_promise(free)


async def test_the_plan_holds_over_restarts(free: World) -> None:
    """What was dialled a moment before the stop still counts after the start."""
    await free.start_bot(over_http=True, **PLAN)
    await ask_for_fifteen(free)
    for _ in range(6):
        await free.pass_time(8)
        await free.stop_bot()
        await free.start_bot(over_http=True, **PLAN)
    assert len(free.line.accepted) == 10
    await free.pass_time(90)
    assert {call["result"] for call in free.rows()} == {"answered"}
    assert statuses(free) == {200}
    keeps_the_promise(free)


async def test_a_call_whose_answer_was_lost_counts_too(free: World) -> None:
    """It may ring: it takes a line and a place in the minute until we know better."""
    await free.start_bot(**PLAN)
    free.line.breaks("drop_after")
    await ask_for_fifteen(free)
    await free.pass_time(120)
    assert {call["result"] for call in free.rows()} == {"answered"}
    assert statuses(free) == {200}
    assert asked(free, "GET") == []
    keeps_the_promise(free)
