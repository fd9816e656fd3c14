from __future__ import annotations

import pytest

from bot.sandbox.voice_api.acts import Deed
from tests.support.voice_side import (
    asked,
    at_the_service,
    by_hand,
    deliver,
    keeps_the_promise,
    nobody_shakes_hands,
    stands,
)
from tests.support.world import BUSY, BY_HAND, World

ANN = "+14155550130"
BEA = "+14155550131"
WILL_NOT_RING = "Cancelled: it will not ring."
ASKED = "I asked the voice service to stop it; the thread says what it answers."


async def test_a_scheduled_call_is_never_dialled(world: World) -> None:
    """Cancelled before its time: the voice service never hears of it."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 2m"')
    assert WILL_NOT_RING in await world.click("Cancel call")
    await world.pass_time(150)
    assert stands(world) == ("ended", "cancelled")
    assert world.line.seen == []
    assert "Cancelled by @Ben Carter." in world.thread()
    assert "Call to +1 ••• ••• 0130 was cancelled" in world.thread()
    keeps_the_promise(world)


async def test_a_queued_call_is_never_dialled(world: World) -> None:
    """The plan has no free line: what waits for one can still be taken back."""
    await world.start_bot(voice_concurrent_calls=1)
    await world.command(f"{BY_HAND} Hello")
    await world.command(f"{ANN} Hello")
    await world.pass_time(5)  # one message a second in a channel
    assert stands(world) == ("queued", None)
    assert "Waiting because: the plan allows 1 call at once" in world.thread()
    assert WILL_NOT_RING in await world.click("Cancel call")
    await world.pass_time(60)
    assert stands(world) == ("ended", "cancelled")
    assert len(world.line.posts) == 1
    keeps_the_promise(world)


async def test_a_call_between_two_tries_is_not_tried_again(world: World) -> None:
    """Cancelling while a retry waits is cancelling the retries."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello retries=3 retry_delay=1")
    await world.pass_time(10)
    assert WILL_NOT_RING in await world.click("Cancel call")
    await world.pass_time(90)
    assert stands(world) == ("ended", "cancelled")
    keeps_the_promise(world)


async def test_a_call_whose_first_byte_has_not_left_never_leaves(world: World) -> None:
    """While we still wait for a connection nothing was asked for, so nothing need be stopped."""
    await nobody_shakes_hands(world)
    await world.start_bot()
    await world.command(f"{ANN} Hello")
    assert stands(world) == ("dialing", None)
    assert WILL_NOT_RING in await world.click("Cancel call")
    assert stands(world) == ("ended", "cancelled")
    world.line.release()
    await world.pass_time(30)
    assert stands(world) == ("ended", "cancelled")
    assert world.call()["attempts"] == 0
    keeps_the_promise(world)


@pytest.mark.parametrize("where", ["delay", "hold"])
async def test_a_call_that_is_being_placed_is_stopped_as_soon_as_it_has_an_id(
    world: World, where: str
) -> None:
    """The request is out, and its answer not yet in: the wish to cancel is kept until then."""
    await world.start_bot()
    world.line.breaks(where)
    await world.command(f"{ANN} Hello")
    assert ASKED in await world.click("Cancel call")
    assert stands(world) == ("dialing", None)
    world.line.release()
    await world.pass_time(30)
    assert stands(world) == ("ended", "cancelled")
    assert at_the_service(world).status == "cancelled"
    thread = world.thread()
    assert "Cancelled by @Ben Carter. The voice service says: “Call cancelled”" in thread
    keeps_the_promise(world)


async def test_a_placed_call_that_does_not_ring_yet_is_stopped(world: World) -> None:
    """The voice service has it in its queue, and takes it back."""
    await world.start_bot()
    await world.command(f"{ANN} Hello")
    assert stands(world) == ("placed", None)
    assert ASKED in await world.click("Cancel call")
    await world.pass_time(30)
    assert stands(world) == ("ended", "cancelled")
    assert at_the_service(world).status == "cancelled"
    assert "The voice service says: “Call cancelled”" in world.thread()
    keeps_the_promise(world)


async def test_a_cancelled_call_that_rings_all_the_same_is_told(world: World) -> None:
    """The voice service said yes and rang: late news, once, however often it is delivered."""
    await world.start_bot()
    await world.command(f"{ANN} Hello")
    await world.click("Cancel call")
    told = {"call_id": world.call()["voice_call_id"], "phone_number": ANN}
    for _ in range(3):
        assert await deliver(world, "robo_call.answered", **told) == 200
    await world.pass_time(10)
    assert stands(world) == ("ended", "cancelled")
    assert world.thread().count("Late news about attempt 1: Answered.") == 1
    keeps_the_promise(world)


async def test_a_ringing_call_cannot_be_stopped_and_the_thread_says_so(world: World) -> None:
    """Too late, in the voice service's own words; the call goes on, but is not retried."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello retries=3 retry_delay=0")
    await world.pass_time(3)
    assert ASKED in await world.click("Cancel call")
    await world.pass_time(60)
    assert stands(world) == ("ended", "busy")
    thread = world.thread()
    assert thread.count("It was too late to cancel: the call had already started.") == 1
    assert "“the call is ringing; only a scheduled or queued call can be cancelled”" in thread
    keeps_the_promise(world)


async def test_a_call_in_progress_cannot_be_stopped(world: World) -> None:
    """Somebody is on the line: the card has no button, and the command says too late."""
    await world.start_bot()
    await world.command(f"{BY_HAND} Hello")
    await world.pass_time(3)
    await by_hand(world, Deed.ANSWER)
    await world.pass_time(1)
    assert stands(world) == ("in_progress", None)
    assert "[Cancel call]" not in world.thread()
    assert ASKED in await world.command("cancel 1")
    await world.pass_time(30)
    assert "“the call is in_progress; only a scheduled or queued call" in world.thread()
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)


async def test_an_unconfirmed_call_is_stopped_as_soon_as_it_shows_up(world: World) -> None:
    """Nobody knows its id, so it cannot be named; the first news that names it stops it."""
    await world.start_bot()
    world.line.breaks("drop_after")
    await world.command(f"{BY_HAND} Hello")
    assert stands(world) == ("unconfirmed", None)
    assert "I cannot stop it" in await world.command("cancel 1")
    (waiting,) = world.voice.service.active()
    await deliver(world, "robo_call.queued", call_id=waiting.call_id)
    assert stands(world) == ("ended", "cancelled")
    await world.pass_time(10)
    assert waiting.status == "cancelled"
    thread = world.thread()
    assert "It cannot be cancelled now: the voice service has not told us its id." in thread
    assert "The voice service says: “Call cancelled”" in thread
    keeps_the_promise(world)


async def test_a_call_that_is_over_cannot_be_cancelled(world: World) -> None:
    """Nothing happens, and the person is told how it ended."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello")
    await world.pass_time(30)
    assert "Already settled. Call to +1 ••• ••• 0111 found the line busy." in (
        await world.command("cancel 1")
    )
    assert stands(world) == ("ended", "busy")
    assert asked(world, "DELETE") == []
    keeps_the_promise(world)


async def test_cancelling_twice_is_cancelling_once(world: World) -> None:
    """The second press changes nothing, whether the first one is answered or not."""
    await world.start_bot()
    world.line.breaks("hold")
    await world.command(f"{ANN} Hello")
    assert ASKED in await world.command("cancel 1")
    assert ASKED in await world.command("cancel 1")
    world.line.release()
    await world.pass_time(30)
    assert "Already settled" in await world.command("cancel 1")
    assert world.thread().count("Cancelled by") == 1
    assert len(asked(world, "DELETE")) == 1
    keeps_the_promise(world)


async def test_a_voice_service_that_is_down_is_asked_again(world: World) -> None:
    """Not cancelled yet: the thread says so once, and the wish is kept until it is heard."""
    await world.start_bot(voice_scheduling="service")
    await world.command(f'{ANN} Hello at="in 2m"')
    await world.line.go_down()
    assert ASKED in await world.click("Cancel call")
    await world.pass_time(30)
    said = "Not cancelled yet: the voice service cannot be reached. We keep asking it."
    assert world.thread().count(said) == 1
    await world.line.come_back()
    await world.pass_time(30)
    assert stands(world) == ("ended", "cancelled")
    assert at_the_service(world).status == "cancelled"
    keeps_the_promise(world)


async def test_somebody_else_may_not_cancel_but_an_admin_may(world: World) -> None:
    """Priya did not ask for this call; Ana runs the house."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 2m"')
    refusal = "Only the person who asked for this call, or an admin, can do that."
    assert refusal in await world.click("Cancel call", who="priya")
    assert refusal in await world.command("cancel 1", who="priya")
    assert stands(world) == ("scheduled", None)
    assert WILL_NOT_RING in await world.click("Cancel call", who="ana")
    await world.pass_time(150)
    assert stands(world) == ("ended", "cancelled")
    assert "Cancelled by @Ana Torres." in world.thread()
    assert world.line.seen == []
    keeps_the_promise(world)


async def test_a_call_is_cancelled_by_the_id_of_the_voice_service_too(world: World) -> None:
    """Both ids name the call."""
    await world.start_bot()
    await world.command(f"{BEA} Hello")
    assert ASKED in await world.command(f"cancel {world.call()['voice_call_id']}")
    await world.pass_time(10)
    assert stands(world) == ("ended", "cancelled")
    keeps_the_promise(world)
