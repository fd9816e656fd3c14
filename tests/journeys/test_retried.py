from __future__ import annotations

import pytest

from tests.support.voice_side import bodies, deliver, keeps_the_promise, stands
from tests.support.world import (
    ANSWERS_AND_PRESSES_1,
    BUSY,
    BUSY_THEN_1,
    BY_HAND,
    FAILS,
    HANGS_UP,
    MONDAY_TEN,
    NO_ANSWER,
    PRESSES_2,
    REJECTS,
    VOICEMAIL,
    World,
)

LISTENS = "+14155550130"
AT_ONCE = "retry_delay=0"


async def until_it_is_over(world: World) -> None:
    """Two tries of half a minute at most, and the thread has told them."""
    while world.call()["state"] != "ended":
        await world.pass_time(5)
        assert (world.clock.now() - MONDAY_TEN).total_seconds() < 100
    await world.pass_time(5)


async def test_busy_then_answered(world: World) -> None:
    """The line is busy, the thread says when we try again, and the second try gets through."""
    await world.start_bot()
    await world.command(f'{BUSY_THEN_1} Hello retries=2 retry_delay=2 key="1 Yes"')
    await world.pass_time(10)
    assert stands(world) == ("scheduled", None)
    thread = world.thread()
    assert "Busy. Trying again today at 10:02 (attempt 2 of 3)." in thread
    assert "waits to be tried again" in thread
    await world.pass_time(113)  # it was busy at 10:00:04
    assert len(world.line.posts) == 1
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    thread = world.thread()
    assert "Ringing +1 ••• ••• 0121 (attempt 2 of 3)." in thread
    assert "Pressed 1: Yes." in thread
    assert (world.call()["attempts"], world.call()["placed_at"][11:19]) == (2, "10:02:04")
    keeps_the_promise(world, times=2)


@pytest.mark.parametrize("retries", [0, 1, 2, 3])
async def test_a_line_that_stays_busy_is_tried_as_often_as_the_sender_said(
    world: World, retries: int
) -> None:
    """With 0 minutes between them the tries follow at once; after the last one it is over."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello retries={retries} {AT_ONCE}")
    await world.pass_time(30)
    assert stands(world) == ("ended", "busy")
    thread = world.thread()
    assert thread.count("Trying again") == retries
    assert thread.count("Finished: busy. Goal not met.") == 1
    assert [body["retry_count"] for body in bodies(world)] == [0] * (retries + 1)
    attempts = [(a["attempt_no"], a["result"]) for a in world.rows("attempt_log")]
    assert attempts == [(number + 1, "busy") for number in range(retries + 1)]
    assert world.call()["attempts"] == retries + 1
    keeps_the_promise(world, times=retries + 1)


async def test_a_delay_of_nothing_dials_in_the_same_second(world: World) -> None:
    """The try before ended at :04, the next one is placed at :04."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello retries=1 {AT_ONCE}")
    await world.pass_time(30)
    first, second = world.rows("attempt_log")
    assert first["sent_at"] == "2026-11-23T10:00:00.000Z"
    assert second["sent_at"] == "2026-11-23T10:00:04.000Z"
    keeps_the_promise(world, times=2)


async def test_five_minutes_is_the_usual_delay(world: World) -> None:
    """Who says nothing about the delay waits five minutes from the end of the try."""
    await world.start_bot()
    await world.command(f"{BUSY_THEN_1} Hello retries=1")
    await world.pass_time(303)
    assert len(world.line.posts) == 1
    await world.pass_time(20)
    assert world.rows("attempt_log")[1]["sent_at"] == "2026-11-23T10:05:04.000Z"
    keeps_the_promise(world, times=2)


@pytest.mark.parametrize(
    ("number", "result", "tries"),
    [
        (BUSY, "busy", 2),
        (NO_ANSWER, "no_answer", 2),
        (VOICEMAIL, "voicemail", 1),
        (FAILS, "failed", 1),
        (REJECTS, "rejected", 1),
    ],
)
async def test_busy_and_no_answer_are_retried_unless_the_sender_says_otherwise(
    world: World, number: str, result: str, tries: int
) -> None:
    """Nobody was reached and nobody refused: those two are worth a second try."""
    await world.start_bot()
    await world.command(f"{number} Hello retries=1 {AT_ONCE}")
    await until_it_is_over(world)
    assert stands(world) == ("ended", result)
    assert len(world.line.posts) == tries
    keeps_the_promise(world, times=tries)


@pytest.mark.parametrize(
    ("number", "retry_on", "tries"),
    [
        (VOICEMAIL, "voicemail", 2),
        (FAILS, "voicemail,failed", 2),
        (BUSY, "failed", 1),
        (NO_ANSWER, "busy", 1),
    ],
)
async def test_the_sender_chooses_what_is_retried(
    world: World, number: str, retry_on: str, tries: int
) -> None:
    """Each result is switched on and off by itself."""
    await world.start_bot()
    await world.command(f"{number} Hello retries=1 {AT_ONCE} retry_on={retry_on}")
    await until_it_is_over(world)
    assert len(world.line.posts) == tries
    keeps_the_promise(world, times=tries)


@pytest.mark.parametrize(
    ("number", "goal"), [(LISTENS, "answered"), (PRESSES_2, "any_key"), (PRESSES_2, "2")]
)
async def test_nobody_is_rung_again_who_did_what_was_wanted(
    world: World, number: str, goal: str
) -> None:
    """Once the goal is met the retries that were left are forgotten."""
    await world.start_bot()
    await world.command(f'{number} Hello retries=3 {AT_ONCE} goal={goal} key="2 Later"')
    await world.pass_time(25)
    assert stands(world) == ("ended", "answered")
    assert world.call()["goal_met"] == 1
    assert "Trying again" not in world.thread()
    keeps_the_promise(world)


async def test_a_key_that_was_pressed_is_enough_whatever_became_of_the_line(world: World) -> None:
    """They confirmed, then the line broke: the goal is met, so a failed line is not retried."""
    await world.start_bot()
    await world.command(f'{BY_HAND} Hello retries=3 {AT_ONCE} retry_on=failed goal=1 key="1 Yes"')
    told = {"call_id": world.call()["voice_call_id"]}
    await deliver(world, "robo_call.dtmf", **told, digit="1")
    await deliver(world, "robo_call.completed", **told, result="failed", phone_number=BY_HAND)
    await world.pass_time(60)
    assert stands(world) == ("ended", "failed")
    assert world.call()["goal_met"] == 1
    keeps_the_promise(world)


@pytest.mark.parametrize("number", [LISTENS, HANGS_UP, ANSWERS_AND_PRESSES_1])
async def test_who_answered_without_the_right_key_is_not_rung_again(
    world: World, number: str
) -> None:
    """They were reached: the goal is missed, but nobody is pestered."""
    await world.start_bot()
    await world.command(f'{number} Hello retries=3 {AT_ONCE} goal=2 key="1 Yes" key="2 No"')
    await world.pass_time(25)
    assert stands(world) == ("ended", "answered")
    assert world.call()["goal_met"] == 0
    assert "Goal not met: answered, but" in world.thread()
    keeps_the_promise(world)


async def test_a_retry_that_waits_survives_a_restart(world: World) -> None:
    """The wait and what is left of it are in the file."""
    await world.start_bot()
    await world.command(f"{BUSY_THEN_1} Hello retries=2 retry_delay=1")
    await world.pass_time(10)
    await world.stop_bot()
    await world.pass_time(20)
    await world.start_bot()
    await world.pass_time(33)
    assert len(world.line.posts) == 1
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert world.rows("attempt_log")[1]["sent_at"] == "2026-11-23T10:01:04.000Z"
    keeps_the_promise(world, times=2)
