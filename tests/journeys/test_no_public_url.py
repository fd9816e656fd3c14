from __future__ import annotations

from bot.sandbox.voice_api.acts import Deed
from tests.support.voice_side import asked, bodies, by_hand, keeps_the_promise, stands
from tests.support.world import ANSWERS_AND_PRESSES_1, BUSY_THEN_1, BY_HAND, World

ANN = "+14155550130"


async def test_polling_alone_tells_the_whole_story(world: World) -> None:
    """No address of ours is given out; the key and the result are found by asking."""
    await world.start_bot(public_url=None)
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello key="1 Yes: Fine." goal=1')
    await world.pass_time(60)
    assert stands(world) == ("ended", "answered")
    assert (world.call()["digit"], world.call()["goal_met"]) == ("1", 1)
    (body,) = bodies(world)
    assert "callback_url" not in body
    assert "actions" not in body["dtmf_config"]
    thread = world.thread()
    assert "Pressed 1: Yes." in thread
    assert "Fine." not in thread  # nobody could speak the reply
    assert world.hooks.seen == []
    keeps_the_promise(world)


async def test_a_call_in_progress_is_seen_by_polling(world: World) -> None:
    """The thread says answered while they still talk."""
    await world.start_bot(public_url=None)
    await world.command(f"{BY_HAND} {'Hello. ' * 60}")
    await world.pass_time(5)
    await by_hand(world, Deed.ANSWER)
    await world.pass_time(20)
    assert stands(world) == ("in_progress", None)
    assert "Answered." in world.thread()
    await world.pass_time(60)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)


async def test_retries_work_by_polling(world: World) -> None:
    """Busy is found by asking, and tried again."""
    await world.start_bot(public_url=None)
    await world.command(f"{BUSY_THEN_1} Hello retries=1 retry_delay=1")
    await world.pass_time(120)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world, times=2)


async def test_asking_slows_down(world: World) -> None:
    """Soon after the start, then more and more rarely: at most every half minute."""
    await world.start_bot(public_url=None)
    await world.command(f"{BY_HAND} {'Hello. ' * 400}")
    await world.pass_time(5)
    await by_hand(world, Deed.ANSWER)
    await world.pass_time(60)
    early = len(asked(world, "GET"))
    assert 3 <= early <= 10
    await world.pass_time(120)
    assert len(asked(world, "GET")) - early <= 5
    keeps_the_promise(world)


async def test_a_lost_answer_asks_a_person_at_once(world: World) -> None:
    """No news can come, so there is no silence to wait for: the buttons are there."""
    await world.start_bot(public_url=None)
    world.line.breaks("drop_after")
    await world.command(f"{ANN} Hello retries=3")
    await world.pass_time(5)
    assert stands(world) == ("unconfirmed", None)
    thread = world.thread()
    assert "News cannot reach us here, so please say on the card what became of it." in thread
    assert "[Call again (may ring twice)]  [It was made]  [It was not made]" in thread
    await world.pass_time(300)
    assert len(world.line.posts) == 1
    await world.click("It was made")
    assert stands(world) == ("ended", "unknown")
    keeps_the_promise(world)
