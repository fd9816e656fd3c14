from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from bot.sandbox.voice_api.acts import Deed
from tests.support.voice_side import (
    asked,
    at_the_service,
    bodies,
    by_hand,
    deliver_again,
    keeps_the_promise,
    post_all,
    stands,
)
from tests.support.world import ANSWERS_AND_PRESSES_1, BY_HAND, World

ANN = "+14155550130"


async def restart(world: World, *, down_for: float = 0) -> None:
    """Stop as SIGTERM does, stay away that many seconds, and start again on the same file."""
    await world.stop_bot()
    await world.pass_time(down_for)
    await world.start_bot()


async def test_a_queued_call_is_dialled_after_the_restart(world: World) -> None:
    """It waited for a line when the bot stopped; the line it waited for is still counted."""
    await world.start_bot(voice_concurrent_calls=1)
    await world.command(f"{BY_HAND} Hello")
    await world.command(f"{ANN} Hello")
    await world.stop_bot()
    await world.start_bot(voice_concurrent_calls=1)
    await world.pass_time(10)
    assert stands(world) == ("queued", None)
    await world.pass_time(60)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)


async def test_a_call_whose_request_was_cut_is_not_dialled_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot is stopped while it asks: nobody knows, so it says so, and hears the truth."""
    monkeypatch.setattr("bot.running.DRAIN_SECONDS", 0.01)
    await world.start_bot()
    world.line.breaks("hold")
    await world.command(f"{BY_HAND} Hello")
    await restart(world)
    assert stands(world) == ("unconfirmed", None)
    await world.pass_time(5)
    assert "the bot was stopped while it was asking" in world.thread()
    await by_hand(world, Deed.ANSWER)
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert "Now we know: the call was made. Answered." in world.thread()
    keeps_the_promise(world)


async def test_a_stop_waits_for_the_answer_of_a_request(world: World) -> None:
    """What is under way at the stop is finished, so nothing is in doubt afterwards."""
    await world.start_bot()
    world.line.breaks("hold")
    await world.command(f"{ANN} Hello")
    world.line.release()
    await restart(world)
    assert stands(world) == ("placed", None)
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)


async def test_a_placed_call_is_looked_up_when_its_news_fell_into_the_gap(world: World) -> None:
    """The phone rang and was answered while nobody listened: GET tells after the restart."""
    await world.start_bot()
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello key="1 Yes: Fine." goal=1')
    assert stands(world) == ("placed", None)
    await world.stop_bot()
    world.hooks.always = "lose"
    await world.pass_time(60)
    await world.start_bot()
    await world.pass_time(240)
    assert stands(world) == ("ended", "answered")
    assert (world.call()["digit"], world.call()["goal_met"]) == ("1", 1)
    assert len(asked(world, "GET")) == 1
    assert "Pressed 1: Yes." in world.thread()
    keeps_the_promise(world)


async def test_news_that_the_service_repeats_after_the_gap_needs_no_look_up(world: World) -> None:
    """The bot was down for five seconds; the next try of the webhook arrives."""
    await world.start_bot()
    await world.command(f"{ANN} Hello")
    await world.pass_time(3)
    await restart(world, down_for=5)
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert asked(world, "GET") == []
    keeps_the_promise(world)


async def test_a_call_in_progress_goes_on_over_a_restart(world: World) -> None:
    """Answered before, hung up after: the thread is one story."""
    await world.start_bot()
    await world.command(f"{BY_HAND} {'Hello. ' * 20}")
    await world.pass_time(4)
    await by_hand(world, Deed.ANSWER)
    assert stands(world) == ("in_progress", None)
    await restart(world)
    await by_hand(world, Deed.HANG_UP)
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered")
    assert world.thread().count("Answered.") == 1
    keeps_the_promise(world)


async def test_an_unconfirmed_call_stays_so_over_a_restart_until_news_comes(world: World) -> None:
    """Neither forgotten nor dialled again; the address of its webhook is still known."""
    await world.start_bot()
    world.line.breaks("drop_after")
    world.hooks.always = "lose"
    await world.command(f"{ANN} Hello")
    await world.pass_time(30)
    await restart(world)
    await world.pass_time(60)
    assert stands(world) == ("unconfirmed", None)
    await deliver_again(world, world.hooks.posts)
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)


async def test_an_ended_call_is_left_alone_by_a_restart(world: World) -> None:
    """Nothing is dialled, nothing is said, nothing changes."""
    await world.start_bot()
    await world.command(f"{ANN} Hello")
    await world.pass_time(30)
    before = (world.thread(), world.call(), world.rows("event_log"))
    await restart(world)
    await world.pass_time(60)
    assert before == (world.thread(), world.call(), world.rows("event_log"))
    keeps_the_promise(world)


async def test_messages_that_wait_are_sent_once_after_the_restart(world: World) -> None:
    """Slack takes one message a second; what had not been said at the stop is said later."""
    await world.start_bot()
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello key="1 Yes: Fine." goal=1')
    world.hooks.always = "lose"
    await world.pass_time(30)
    await deliver_again(world, world.hooks.posts)
    assert stands(world) == ("ended", "answered")
    assert "Finished" not in world.thread()
    await restart(world)
    await world.pass_time(10)
    thread = world.thread()
    told = ("Ringing +1 ••• ••• 0101.", "Answered.", "Pressed 1: Yes.", "Finished: answered")
    assert [thread.count(words) for words in told] == [1, 1, 1, 1]
    places = [thread.index(words) for words in told]
    assert places == sorted(places)
    keeps_the_promise(world)


async def test_a_wish_to_cancel_survives_a_restart(world: World) -> None:
    """The voice service could not be reached before; the next process asks it."""
    await world.start_bot(voice_scheduling="service")
    await world.command(f'{ANN} Hello at="in 2m"')
    await world.line.go_down()
    await world.command("cancel 1")
    await world.stop_bot()
    await world.line.come_back()
    await world.start_bot(voice_scheduling="service")
    await world.pass_time(10)
    assert stands(world) == ("ended", "cancelled")
    assert at_the_service(world).status == "cancelled"
    keeps_the_promise(world)


async def test_news_reach_the_bot_although_its_key_has_changed(world: World) -> None:
    """W23: what was placed under the old secret still reports; strangers still do not."""
    await world.start_bot(robocall_secret="o" * 32)
    await world.command(f"{BY_HAND} Hello")
    await world.stop_bot()
    await world.start_bot(robocall_secret="n" * 32)
    await world.pass_time(5)
    await by_hand(world, Deed.ANSWER)
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    path = urlsplit(bodies(world)[-1]["callback_url"]).path
    assert await post_all(world, [(path[:-1] + "_", b"{}")]) == [404]
