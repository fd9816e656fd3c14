from __future__ import annotations

from tests.support.voice_side import (
    asked,
    at_the_service,
    bodies,
    keeps_the_promise,
    stands,
)
from tests.support.world import ANSWERS_AND_PRESSES_1, BUSY, BUSY_THEN_1, World

ANN = "+14155550130"
BEA = "+14155550131"


async def test_the_service_keeps_a_deferred_call(world: World) -> None:
    """VOICE_SCHEDULING=service: it is handed over at once, with its time, and rings then."""
    await world.start_bot(voice_scheduling="service")
    await world.command(f'{ANN} Hello at="in 2m"')
    assert bodies(world)[0]["schedule_at"] == "2026-11-23T10:02:00Z"
    await world.pass_time(5)
    assert stands(world) == ("placed", None)
    thread = world.thread()
    assert "is kept by the voice service until its time" in thread
    assert "The voice service has the call and will ring +1 ••• ••• 0130 today at 10:02" in thread
    await world.pass_time(150)
    assert stands(world) == ("ended", "answered")
    assert (len(world.line.posts), asked(world, "GET")) == (1, [])
    keeps_the_promise(world)


async def test_a_call_that_the_service_keeps_can_be_cancelled(world: World) -> None:
    """Cancel becomes a DELETE, and nobody is rung."""
    await world.start_bot(voice_scheduling="service")
    await world.command(f'{ANN} Hello at="in 2m"')
    await world.click("Cancel call")
    await world.pass_time(150)
    assert stands(world) == ("ended", "cancelled")
    assert at_the_service(world).status == "cancelled"
    assert world.voice.service.handsets[ANN].rung == 0
    keeps_the_promise(world)


async def test_a_call_that_the_service_keeps_holds_no_line_until_its_time(world: World) -> None:
    """Otherwise a call for tomorrow would block all of today's."""
    await world.start_bot(voice_scheduling="service", voice_concurrent_calls=1)
    await world.command(f'{ANN} Hello at="in 2m"')
    await world.command(f"{BEA} Hello")
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    await world.pass_time(120)
    assert {call["result"] for call in world.rows()} == {"answered"}
    keeps_the_promise(world)


async def test_a_lost_answer_to_a_scheduled_call_waits_for_its_time(world: World) -> None:
    """Silence before the chosen time says nothing; the news after it settles the doubt."""
    await world.start_bot(voice_scheduling="service")
    world.line.breaks("drop_after")
    await world.command(f'{ANN} Hello at="in 4m"')
    await world.pass_time(230)
    assert stands(world) == ("unconfirmed", None)
    assert "[It was not made]" not in world.thread()
    await world.pass_time(40)
    assert stands(world) == ("ended", "answered")
    assert len(world.line.posts) == 1
    keeps_the_promise(world)


async def test_the_service_redials(world: World) -> None:
    """VOICE_RETRIES=service: the rule is passed on, and the bot sends one request only."""
    await world.start_bot(voice_retries="service")
    await world.command(f"{BUSY_THEN_1} Hello retries=2 retry_delay=1")
    (body,) = bodies(world)
    assert (body["retry_count"], body["retry_delay"]) == (2, 1)
    await world.pass_time(120)
    assert stands(world) == ("ended", "answered")
    assert world.voice.service.handsets[BUSY_THEN_1].rung == 2
    keeps_the_promise(world)


async def test_the_end_of_the_services_own_tries_is_the_end(world: World) -> None:
    """The bot does not add tries of its own: two owners would multiply them."""
    await world.start_bot(voice_retries="service")
    await world.command(f"{BUSY} Hello retries=2 retry_delay=1")
    await world.pass_time(200)
    assert stands(world) == ("ended", "busy")
    assert len(world.line.posts) == 1
    assert world.voice.service.handsets[BUSY].rung == 3
    keeps_the_promise(world)


async def test_a_call_without_retries_is_the_same_whoever_owns_them(world: World) -> None:
    """Nothing is handed over that was not asked for."""
    await world.start_bot(voice_retries="service", voice_scheduling="service")
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello")
    (body,) = bodies(world)
    assert body["retry_count"] == 0
    assert not {"retry_delay", "schedule_at"} & set(body)
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)
