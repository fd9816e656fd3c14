from __future__ import annotations

import json

from bot.sandbox.voice_api.acts import Deed
from tests.support.voice_side import (
    asked,
    bodies,
    by_hand,
    deliver,
    deliver_again,
    keeps_the_promise,
    post_all,
    stands,
)
from tests.support.world import ANSWERS_AND_PRESSES_1, BY_HAND, World

ANN = "+14155550130"
BEA = "+14155550131"
WITH_KEY = f'{ANSWERS_AND_PRESSES_1} Hello key="1 Yes: Fine." goal=1'


def events(world: World) -> list[tuple[str, str]]:
    """Source and name of everything that was logged about the newest call."""
    call_id = world.call()["id"]
    log = [one for one in world.rows("event_log") if one["call_id"] == call_id]
    return [(one["source"], one["event"]) for one in log]


async def test_news_before_the_answer_of_the_request(world: World) -> None:
    """Somebody picked up before we knew that the call was placed: kept, and bound to it."""
    await world.start_bot()
    world.line.breaks("hold")
    await world.command(f"{BY_HAND} Hello")
    await world.pass_time(3)
    await by_hand(world, Deed.ANSWER)
    assert stands(world) == ("in_progress", None)
    world.line.release()
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    thread = world.thread()
    assert thread.count("Answered.") == 1
    assert "Ringing" not in thread  # it would stand behind the answer
    assert world.call()["voice_call_id"] == json.loads(world.hooks.posts[0].body)["call_id"]
    keeps_the_promise(world)


async def test_the_whole_call_before_the_answer_of_the_request(world: World) -> None:
    """Even what has ended stays ended when the answer comes at last."""
    await world.start_bot()
    world.line.breaks("hold")
    await world.command(WITH_KEY)
    await world.pass_time(60)
    assert stands(world) == ("ended", "answered")
    world.line.release()
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered")
    assert (world.call()["digit"], world.call()["goal_met"]) == ("1", 1)
    keeps_the_promise(world)


async def test_news_in_the_wrong_order(world: World) -> None:
    """Completed, key, answered: the end stays the end, and the key still counts."""
    await world.start_bot()
    world.hooks.always = "lose"
    await world.command(WITH_KEY)
    await world.pass_time(60)
    world.hooks.always = "pass"
    assert stands(world) == ("placed", None)
    for delivery in reversed(world.hooks.posts):
        assert await deliver_again(world, [delivery]) == [200]
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered")
    assert (world.call()["digit"], world.call()["goal_met"]) == ("1", 1)
    assert world.thread().count("Finished: answered") == 1
    assert world.thread().count("Pressed 1: Yes.") == 1
    keeps_the_promise(world)


async def test_the_same_news_ten_times_at_once(world: World) -> None:
    """Each delivery gets its 200, and all of them together have one effect."""
    await world.start_bot()
    world.hooks.always = "lose"
    await world.command(WITH_KEY)
    await world.pass_time(60)
    statuses = await deliver_again(world, world.hooks.posts, times=10)
    assert set(statuses) == {200}
    await world.pass_time(20)
    assert stands(world) == ("ended", "answered")
    thread = world.thread()
    assert [thread.count(w) for w in ("Pressed 1: Yes.", "Finished: answered")] == [1, 1]
    logged = [name for source, name in events(world) if source == "webhook"]
    # the key is told twice by design: as an event, and to the address of its action
    assert logged == ["answered", "key_pressed", "key_pressed", "completed"]
    keeps_the_promise(world)


async def test_every_webhook_is_lost(world: World) -> None:
    """After a fair time without news the bot asks, and tells the whole story from the answer."""
    await world.start_bot()
    world.hooks.always = "lose"
    await world.command(WITH_KEY)
    await world.pass_time(150)
    assert (stands(world), asked(world, "GET")) == (("placed", None), [])
    await world.pass_time(90)
    assert stands(world) == ("ended", "answered")
    thread = world.thread()
    for words in ("Answered.", "Pressed 1: Yes.", "Finished: answered", "Goal met"):
        assert words in thread
    assert [("poll", name) for name in ("answered", "key_pressed", "completed")] == [
        one for one in events(world) if one[0] == "poll"
    ]
    assert len(asked(world, "GET")) == 1
    keeps_the_promise(world)


async def test_only_the_answered_event_is_lost(world: World) -> None:
    """The end says enough; nothing has to be asked for."""
    await world.start_bot()
    world.hooks.breaks("lose")
    await world.command(f"{ANN} Hello")
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert "Finished: answered" in world.thread()
    assert asked(world, "GET") == []
    keeps_the_promise(world)


async def test_a_call_that_never_ends_is_given_up_after_a_day(world: World) -> None:
    """The voice service says for a day that it is talking: the result is unknown, and said."""
    await world.start_bot()
    world.hooks.always = "lose"
    world.line.only, world.line.always = "GET", "503_before"
    await world.command(f"{ANN} Hello")
    await world.stop_bot()
    await world.pass_time(25 * 3600)
    await world.start_bot()
    await world.pass_time(10)
    assert stands(world) == ("ended", "unknown")
    assert "We asked for a day and nobody could tell us how this call ended." in world.thread()
    assert "[Call again]" in world.thread()
    await deliver_again(world, world.hooks.posts)
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered")
    assert "News came late, and the card is corrected: answered" in world.thread()
    keeps_the_promise(world)


async def test_news_about_another_phone_number_is_ignored_and_logged(world: World) -> None:
    """The address is right and the number is not: nothing moves, and the log keeps it."""
    await world.start_bot()
    await world.command(f"{BY_HAND} Hello")
    call_id = world.call()["voice_call_id"]
    status = await deliver(world, "robo_call.answered", call_id=call_id, phone_number=BEA)
    assert (status, stands(world)) == (200, ("placed", None))
    assert ("webhook", "mismatch") in events(world)
    assert "Answered." not in world.thread()
    await world.pass_time(60)
    assert stands(world) == ("ended", "no_answer")
    keeps_the_promise(world)


async def test_words_that_the_contract_does_not_name_are_kept(world: World) -> None:
    """An unknown event and an unknown result: logged, shown as they are said, no crash."""
    await world.start_bot()
    await world.command(f"{BY_HAND} Hello")
    told = {"call_id": world.call()["voice_call_id"], "phone_number": BY_HAND}
    assert await deliver(world, "robo_call.transferred", **told) == 200
    assert stands(world) == ("placed", None)
    assert ("webhook", "other") in events(world)
    done = await deliver(
        world, "robo_call.completed", **told, result="answered_by_fax", duration="3"
    )
    assert done == 200
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered_by_fax")
    assert "answered_by_fax" in world.thread()
    keeps_the_promise(world)


async def test_addresses_that_were_never_given_out_lead_nowhere(world: World) -> None:
    """A wrong token is 404 for events and keys alike, and nothing is logged."""
    await world.start_bot()
    await world.command(WITH_KEY)
    url = bodies(world)[0]["dtmf_config"]["actions"]["1"]["url"]
    path = url.removeprefix(world.hooks.url)
    token = path.split("/")[3]
    kid, name, mac = token.split(".")
    forged = f"{kid}.{name}.{mac[::-1]}"
    body = json.dumps({"digit": "1"}).encode()
    wrong = [path.replace(token, forged), f"/voice/events/{forged}", "/voice/keys/x/1"]
    logged = events(world)
    assert await post_all(world, [(each, body) for each in wrong]) == [404, 404, 404]
    assert (stands(world), events(world)) == (("placed", None), logged)
    assert await post_all(world, [(path, body)]) == [200]
    assert world.call()["digit"] == "1"
    keeps_the_promise(world)
