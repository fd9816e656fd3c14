from __future__ import annotations

import pytest

from bot.sandbox.voice_api.models import CallRequest
from tests.support.voice_side import (
    asked,
    bodies,
    deliver,
    how_often_told,
    keeps_the_promise,
    stands,
)
from tests.support.world import BY_HAND, World

ANN = "+14155550130"
BEA = "+14155550131"
UNREACHABLE = "Not dialled yet: the voice service cannot be reached. We try again by ourselves."


async def test_a_connection_that_is_refused_is_tried_again_by_itself(world: World) -> None:
    """Nothing was sent, so nothing is in doubt: said once, counted never, dialled when it works."""
    await world.start_bot()
    await world.line.go_down()
    await world.command(f"{ANN} Hello")
    await world.pass_time(60)
    assert stands(world) == ("queued", None)
    assert world.call()["attempts"] == 0
    assert world.thread().count(UNREACHABLE) == 1
    assert "Waiting because: the voice service cannot be reached" in world.thread()
    await world.line.come_back()
    await world.pass_time(90)
    assert stands(world) == ("ended", "answered")
    assert world.call()["attempts"] == 1
    keeps_the_promise(world)


async def test_the_tries_of_a_dead_line_become_rarer(world: World) -> None:
    """Twice as long each time, up to five minutes: an outage of an hour is not a storm."""
    await world.start_bot()
    await world.line.go_down()
    await world.command(f"{ANN} Hello")
    await world.pass_time(300)
    tries = world.rows("attempt_log")
    assert 5 <= len(tries) <= 8
    assert {one["sent_at"] for one in tries} == {None}
    keeps_the_promise(world)


async def test_an_outage_longer_than_the_call_is_wanted_ends_it(world: World) -> None:
    """An hour after its time it is not made any more, and the thread says so."""
    await world.start_bot()
    await world.line.go_down()
    await world.command(f"{ANN} Hello")
    await world.stop_bot()
    await world.pass_time(3590)
    await world.start_bot()
    await world.pass_time(20)
    assert stands(world) == ("ended", "expired")
    await world.line.come_back()
    await world.pass_time(60)
    assert world.line.posts == []
    keeps_the_promise(world)


async def test_too_many_requests_wait_as_long_as_the_service_asks(world: World) -> None:
    """429 is not an attempt: the call waits, says why, and is dialled later."""
    await world.start_bot()
    world.line.breaks("429_before")
    await world.command(f"{ANN} Hello")
    assert stands(world) == ("queued", None)
    assert world.call()["attempts"] == 0
    await world.pass_time(120)
    assert stands(world) == ("ended", "answered")
    assert world.call()["attempts"] == 1
    assert [seen.fault for seen in world.line.posts] == ["429_before", "pass"]
    assert world.thread().count("We try again by ourselves.") == 1
    keeps_the_promise(world)


async def test_a_storm_of_429_does_not_use_up_the_retries(world: World) -> None:
    """Refused three times, then busy once, then retried: only what rang is counted."""
    await world.start_bot()
    world.line.breaks("429_before", "429_before", "429_before")
    await world.command("+14155550121 Hello retries=1 retry_delay=0")
    await world.pass_time(400)
    assert stands(world) == ("ended", "answered")
    assert world.call()["attempts"] == 2
    keeps_the_promise(world, times=2)


@pytest.mark.parametrize("status", [401, 402, 404])
async def test_a_refusal_of_us_all_holds_the_whole_queue(world: World, status: int) -> None:
    """Key, credit or address are wrong: one probe at a time, no attempt burnt, then all go."""
    await world.start_bot()
    world.line.always = f"{status}_before"
    await world.command(f"{ANN} Hello")
    await world.command(f"{BEA} Hello")
    await world.pass_time(60)
    assert {call["state"] for call in world.rows()} == {"queued"}
    assert {call["attempts"] for call in world.rows()} == {0}
    assert len(world.line.posts) <= 7
    world.line.always = "pass"
    await world.pass_time(120)
    assert {call["result"] for call in world.rows()} == {"answered"}
    keeps_the_promise(world)


async def test_a_wrong_key_is_told_once_and_the_queue_goes_on_with_the_right_one(
    world: World,
) -> None:
    """The calls wait for the operator, who starts the bot again with the key that works."""
    await world.start_bot(voice_api_key="a-key-that-was-revoked")
    await world.command(f"{ANN} Hello")
    await world.command(f"{BEA} Hello")
    await world.pass_time(60)
    assert how_often_told(world, "Not dialled yet: the voice service does not accept our key") == 1
    assert {call["state"] for call in world.rows()} == {"queued"}
    await world.stop_bot()
    await world.start_bot()
    await world.pass_time(60)
    assert {call["result"] for call in world.rows()} == {"answered"}
    assert {call["attempts"] for call in world.rows()} == {1}
    keeps_the_promise(world)


@pytest.mark.parametrize("status", [400, 422])
async def test_a_call_that_the_service_refuses_is_over_with_its_words(
    world: World, status: int
) -> None:
    """It would be refused again: no retry, the reason as the service gives it, others go on."""
    await world.start_bot()
    world.line.breaks(f"{status}_before")
    world.line.words = "phone_number: this country is not served"
    await world.command(f"{ANN} Hello retries=3 retry_delay=0")
    await world.pass_time(10)
    assert stands(world) == ("ended", "refused")
    thread = world.thread()
    assert "was refused by the voice service" in thread
    assert "“phone_number: this country is not served”" in thread
    assert f"(status {status})" in thread
    await world.command(f"{BEA} Hello")
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert [body["phone_number"] for body in bodies(world)] == [ANN, BEA]
    keeps_the_promise(world)


async def test_a_second_call_for_one_request_is_told_and_stopped(world: World) -> None:
    """Something on the way sent our one request twice: the thread tells, we try to stop it."""
    await world.start_bot()
    world.line.breaks("twice")
    await world.command(f"{ANN} Hello")
    await world.pass_time(40)
    assert stands(world) == ("ended", "answered")
    thread = world.thread()
    assert thread.count("This person may have been rung twice.") == 1
    assert len(world.line.posts) == 1
    (stopped,) = asked(world, "DELETE")
    assert world.call()["voice_call_id"] not in stopped


async def test_a_second_call_that_does_not_ring_yet_is_cancelled(world: World) -> None:
    """News names another call under our address: if it still waits, nobody hears it."""
    await world.start_bot()
    await world.command(f"{BY_HAND} Hello")
    second = world.voice.service.place(CallRequest(phone_number=BY_HAND, message="Hello"))
    await deliver(world, "robo_call.answered", call_id=second.call_id, phone_number=BY_HAND)
    assert second.status == "cancelled"
    assert stands(world) == ("placed", None)
    await world.pass_time(60)
    assert stands(world) == ("ended", "no_answer")
    assert "We try to stop the second." in world.thread()
    assert "Call cancelled" in await world.click("Details")
    keeps_the_promise(world)
