from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.voice_side import keeps_the_promise, stands
from tests.support.world import DESK, MONDAY_TEN, World

ANN = "+14155550130"
BEA = "+14155550131"
TEN_MINUTES = 600


async def test_a_call_for_later_waits_for_its_time(world: World) -> None:
    """Ben asks for ten past ten: nothing is dialled a second early, and then it rings."""
    await world.start_bot()
    answer = await world.command(f'{ANN} Your table is ready at="in 10m"')
    assert "I will call +1 ••• ••• 0130 today, Mon 23 Nov 2026 at 10:10" in answer
    assert "Europe/London" in answer
    assert stands(world) == ("scheduled", None)
    assert "due today at 10:10" in world.thread()
    await world.pass_time(TEN_MINUTES - 1)
    assert world.line.posts == []
    await world.pass_time(1)
    assert len(world.line.posts) == 1
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert world.heard(ANN) == ["Your table is ready"]
    keeps_the_promise(world)


async def test_the_picker_of_the_form_defers_a_call(world: World) -> None:
    """The moment picked in the form is the moment it rings, whatever was typed elsewhere."""
    await world.start_bot()
    ben = world.person("ben")
    await ben.command("/robocall", "", DESK)
    await world.clock.settle()
    picked = MONDAY_TEN + timedelta(minutes=3)
    sent = await ben.submit(ben.form(), {"to": ANN, "message": "Lunch is ready.", "when": picked})
    assert sent.is_closed
    await world.pass_time(3 * 60 - 1)
    assert world.call()["due_at"] == "2026-11-23T10:03:00.000Z"
    assert world.line.posts == []
    await world.pass_time(30)
    assert world.heard(ANN) == ["Lunch is ready."]
    assert "ended today at 10:03" in world.thread()
    keeps_the_promise(world)


async def test_waiting_calls_can_be_listed(world: World) -> None:
    """The list of scheduled calls shows those that wait, with their times, and no others."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 2m"')
    await world.command(f"{BEA} Hello")
    await world.pass_time(30)
    waiting = await world.command("list scheduled")
    assert "1  Call to +1 ••• ••• 0130 waits for its time, today at 10:02" in waiting
    assert "0131" not in waiting
    assert "0131" in await world.command("list done")
    await world.pass_time(120)
    assert "There are no waiting calls" in await world.command("list scheduled")
    keeps_the_promise(world)


async def test_calls_ring_in_the_order_of_their_times(world: World) -> None:
    """What was asked for first but later rings later; each at its own second."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 2m"')
    await world.command(f'{BEA} Hello at="in 1m"')
    await world.pass_time(60)
    assert stands(world) == ("placed", None)
    assert world.rows()[0]["state"] == "scheduled"
    await world.pass_time(60)
    placed = [call["placed_at"] for call in world.rows()]
    assert placed == ["2026-11-23T10:02:00.000Z", "2026-11-23T10:01:00.000Z"]
    keeps_the_promise(world)


@pytest.mark.parametrize("late", [0, 59])
async def test_a_call_that_came_due_while_the_bot_was_down_rings_at_the_start(
    world: World, late: int
) -> None:
    """Up to an hour after its time a call is still wanted: it is dialled when the bot is back."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 10m"')
    await world.stop_bot()
    await world.pass_time(TEN_MINUTES + late * 60)
    await world.start_bot()
    assert len(world.line.posts) == 1
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)


async def test_a_call_that_is_too_old_at_the_start_is_not_made(world: World) -> None:
    """More than an hour late nobody wants to be rung any more; the thread says so."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 10m"')
    await world.stop_bot()
    await world.pass_time(TEN_MINUTES + 3600)
    await world.start_bot()
    await world.pass_time(30)
    assert stands(world) == ("ended", "expired")
    assert world.line.posts == []
    thread = world.thread()
    assert "Call to +1 ••• ••• 0130 was not made: its time had passed" in thread
    assert "Not called: its time had passed before it could be dialled." in thread
    assert "It was due today at 10:10" in thread
    keeps_the_promise(world)


async def test_a_call_for_later_survives_a_restart(world: World) -> None:
    """The schedule is in the file: the next process rings at the same second."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 2m"')
    await world.pass_time(60)
    await world.stop_bot()
    await world.start_bot()
    await world.pass_time(59)
    assert world.line.posts == []
    await world.pass_time(31)
    assert world.call()["placed_at"] == "2026-11-23T10:02:00.000Z"
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)
