from __future__ import annotations

from copy import deepcopy

import pytest

from tests.support.voice_side import (
    bodies,
    deliver_again,
    keeps_the_promise,
    stands,
)
from tests.support.world import ANSWERS_AND_PRESSES_1, World

ANN = "+14155550130"
BEA = "+14155550131"
CALL_AGAIN = "Call again (may ring twice)"
SILENCE = 200  # seconds: a little more than the fair time for a short message


async def lose_everything(world: World, number: str = ANN, words: str = "Hello") -> None:
    """The voice service rings, but neither its answer nor its news reaches the bot."""
    await world.start_bot()
    world.line.breaks("drop_after")
    world.hooks.always = "lose"
    await world.command(f"{number} {words}")


@pytest.mark.parametrize("fault", ["drop_after", "503_after", "500_after", "302_after"])
async def test_a_lost_answer_is_told_at_once_and_corrected_by_news(
    world: World, fault: str
) -> None:
    """Accepted, but we cannot know: not sure in row and thread, not called again, then known."""
    await world.start_bot()
    world.line.breaks(fault)
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello key="1 Yes: Fine." retries=3')
    assert stands(world) == ("unconfirmed", None)
    await world.pass_time(3)
    thread = world.thread()
    assert "Not sure the call to +1 ••• ••• 0101 was made" in thread
    assert "Not sure this call was made. We asked the voice service to ring" in thread
    assert "We have not called again." in thread.replace("*", "")
    assert "[Call again" not in thread
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert world.call()["digit"] == "1"
    assert "Now we know: the call was made. Answered." in world.thread()
    assert len(world.line.posts) == 1
    keeps_the_promise(world)


async def test_a_request_that_never_arrived_looks_the_same_and_is_not_repeated(
    world: World,
) -> None:
    """The line broke before the service read a byte: we cannot tell, so a person decides."""
    await world.start_bot()
    world.line.breaks("refuse")
    await world.command(f"{ANN} Hello retries=3")
    assert stands(world) == ("unconfirmed", None)
    await world.pass_time(SILENCE)
    thread = world.thread()
    assert "No news came while we listened, so it was probably not made" in thread
    assert len(world.line.posts) == 1
    assert f"[{CALL_AGAIN}]  [It was made]  [It was not made]  [Details]" in thread
    await world.click(CALL_AGAIN)
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    keeps_the_promise(world)


async def test_call_again_is_a_new_attempt_and_late_news_tells_that_it_rang_twice(
    world: World,
) -> None:
    """A person takes the risk; the card and the thread hide nothing afterwards."""
    await lose_everything(world)
    await world.pass_time(SILENCE)
    lost = list(world.hooks.posts)
    world.hooks.always = "pass"
    assert "Done: the card shows it." in await world.click(CALL_AGAIN)
    await world.pass_time(30)
    assert stands(world) == ("ended", "answered")
    assert "@Ben Carter asked to call again." in world.thread()
    await deliver_again(world, lost)
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered")
    thread = world.thread()
    assert "Late news about attempt 1: finished: answered" in thread
    assert "This person was rung twice." in thread
    assert world.call()["attempts"] == 2
    keeps_the_promise(world, times=2)


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ("It was made", "@Ben Carter says that the call was made."),
        ("It was not made", "@Ben Carter says that the call was not made."),
    ],
)
async def test_a_person_says_what_became_of_it(world: World, button: str, words: str) -> None:
    """Their word ends the doubt; the result stays unknown, until the true one comes late."""
    await lose_everything(world)
    await world.pass_time(SILENCE)
    assert "Done: the card shows it." in await world.click(button)
    await world.pass_time(5)
    assert stands(world) == ("ended", "unknown")
    assert words in world.thread()
    await deliver_again(world, world.hooks.posts)
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered")
    assert "News came late, and the card is corrected: answered" in world.thread()
    assert len(world.line.posts) == 1
    keeps_the_promise(world)


async def test_somebody_else_may_not_decide(world: World) -> None:
    """Priya did not ask for this call."""
    await lose_everything(world)
    await world.pass_time(SILENCE)
    for button in (CALL_AGAIN, "It was made", "It was not made"):
        refusal = await world.click(button, who="priya")
        assert "Only the person who asked for this call, or an admin" in refusal
    assert stands(world) == ("unconfirmed", None)
    keeps_the_promise(world)


async def test_news_between_the_card_and_the_click_wins(world: World) -> None:
    """The button is answered by what is known now; nobody is rung again."""
    await lose_everything(world)
    await world.pass_time(SILENCE)
    seen = deepcopy(world.card())
    await deliver_again(world, world.hooks.posts[:1])
    assert stands(world) == ("in_progress", None)
    await world.person("ben").click(seen, CALL_AGAIN)
    await world.pass_time(10)
    told = [message.text for message in world.workspace.messages if message.only_for]
    assert "Already settled." in told[-1]
    assert len(world.line.posts) == 1
    keeps_the_promise(world)


async def test_news_days_later_still_corrects_the_card(world: World) -> None:
    """Nobody pressed anything for three days; then the voice service remembers."""
    await lose_everything(world)
    await world.pass_time(SILENCE)
    await world.stop_bot()
    await world.pass_time(3 * 86400)
    await world.start_bot()
    await deliver_again(world, world.hooks.posts)
    await world.pass_time(10)
    assert stands(world) == ("ended", "answered")
    assert "Now we know: the call was made." in world.thread()
    keeps_the_promise(world)


async def test_silence_while_the_bot_was_down_is_no_evidence(world: World) -> None:
    """Nobody listened all the time: its clock starts again, and the thread says why."""
    await lose_everything(world)
    await world.stop_bot()
    await world.pass_time(SILENCE)
    await world.start_bot()
    await world.pass_time(10)
    assert "[It was not made]" not in world.thread()
    await world.pass_time(SILENCE)
    assert "Nobody was listening for news all the time" in world.thread()
    assert "[It was not made]" in world.thread()
    keeps_the_promise(world)


async def test_an_unconfirmed_call_holds_its_line_until_silence_has_passed(world: World) -> None:
    """It may be ringing, so the next call waits for the plan's only line."""
    await world.start_bot(voice_concurrent_calls=1)
    world.line.breaks("drop_after")
    world.hooks.always = "lose"
    await world.command(f"{ANN} Hello")
    await world.command(f"{BEA} Hello")
    await world.pass_time(120)
    assert stands(world) == ("queued", None)
    await world.pass_time(SILENCE - 120)
    assert [body["phone_number"] for body in bodies(world)] == [ANN, BEA]
    keeps_the_promise(world)
