from __future__ import annotations

from copy import deepcopy

from bot.sandbox.voice_api.phones import Behaviour, Kind
from tests.support.voice_side import keeps_the_promise, stands
from tests.support.world import BUSY, BUSY_THEN_1, REJECTS, World


async def test_call_again_rings_once_more(world: World) -> None:
    """The call is over, Ben wants another try: a new attempt of the same call, on its card."""
    await world.start_bot()
    await world.command(f"{BUSY_THEN_1} Hello")
    await world.pass_time(20)
    assert stands(world) == ("ended", "busy")
    assert "Done: the card shows it." in await world.click("Call again")
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert "@Ben Carter asked to call again." in world.thread()
    assert "Ringing +1 ••• ••• 0121 (attempt 2 of 2)." in world.thread()
    attempts = [(one["attempt_no"], one["result"]) for one in world.rows("attempt_log")]
    assert attempts == [(1, "busy"), (2, "answered")]
    keeps_the_promise(world, times=2)


async def test_who_does_not_confirm_does_not_call(world: World) -> None:
    """The button asks first, and No means no."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello")
    await world.pass_time(20)
    await world.person("ben").click(world.card(), "Call again", confirms=False)
    await world.pass_time(30)
    assert stands(world) == ("ended", "busy")
    keeps_the_promise(world)


async def test_one_press_is_one_try_also_of_a_call_with_retries_left(world: World) -> None:
    """A person asked for one more call, not for the whole rule again."""
    await world.start_bot()
    await world.command(f"{REJECTS} Hello retries=2 retry_delay=0")
    await world.pass_time(20)
    assert stands(world) == ("ended", "rejected")
    world.voice.service.handsets.behave(REJECTS, Behaviour(kind=Kind.BUSY))
    await world.click("Call again")
    await world.pass_time(60)
    assert stands(world) == ("ended", "busy")
    assert world.call()["attempts"] == 2
    keeps_the_promise(world, times=2)


async def test_two_presses_of_one_button_are_one_call(world: World) -> None:
    """A double click, or the admin a moment later on a card not yet redrawn."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello")
    await world.pass_time(20)
    seen = deepcopy(world.card())
    for who in ("ben", "ben", "ana"):
        await world.person(who).click(seen, "Call again")
    await world.pass_time(60)
    assert world.call()["attempts"] == 2
    assert world.thread().count("asked to call again.") == 1
    await world.person("ben").click(seen, "Call again")
    await world.pass_time(60)
    assert world.call()["attempts"] == 2
    keeps_the_promise(world, times=2)


async def test_somebody_else_may_not_call_again_but_an_admin_may(world: World) -> None:
    """The promise names a person who presses: it is the requester, or who runs the house."""
    await world.start_bot()
    await world.command(f"{BUSY_THEN_1} Hello")
    await world.pass_time(20)
    refusal = await world.click("Call again", who="priya")
    assert "Only the person who asked for this call, or an admin" in refusal
    await world.click("Call again", who="ana")
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert "@Ana Torres asked to call again." in world.thread()
    keeps_the_promise(world, times=2)


async def test_call_again_survives_a_restart(world: World) -> None:
    """Pressed while the line is down; the next process makes the call."""
    await world.start_bot()
    await world.command(f"{BUSY_THEN_1} Hello")
    await world.pass_time(20)
    await world.line.go_down()
    await world.click("Call again")
    await world.stop_bot()
    await world.line.come_back()
    await world.start_bot()
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world, times=2)
