from __future__ import annotations

import asyncio

import pytest

from tests.support.slack_side import delivered, reads, redeliver, requests, whispers
from tests.support.voice_side import keeps_the_promise, stands
from tests.support.world import ANSWERS_AND_PRESSES_1, BUSY, DESK, World

ANN = "+14155550130"


@pytest.mark.parametrize("over_http", [False, True])
async def test_the_same_delivery_twice_is_one_call(world: World, over_http: bool) -> None:
    """The same trigger_id, at once three times and again after a restart: one call."""
    await world.start_bot(over_http=over_http)
    await world.command(f"{ANN} Hello")
    (command,) = delivered(world, "/robocall")
    again = await asyncio.gather(*(redeliver(world, command) for _ in range(3)))
    assert all("Calling +1 ••• ••• 0130 now" in str(one.answer) for one in again)
    await world.pass_time(30)
    await world.stop_bot()
    await world.start_bot(over_http=over_http)
    late = await redeliver(world, command)
    assert "(call 1)" in str(late.answer)
    await world.pass_time(30)
    assert len(world.rows()) == 1
    assert world.heard(ANN) == ["Hello"]
    keeps_the_promise(world)


async def test_the_same_words_again_are_asked_about(world: World) -> None:
    """Typed again after 20 seconds: nothing is started, and a button says that it is meant."""
    await world.start_bot()
    await world.command(f"{ANN} Hello")
    await world.pass_time(20)
    answer = await world.command(f"{ANN} Hello")
    assert "You asked for this call 20 seconds ago, so I have not called again." in answer
    assert "That was call 1." in answer
    assert len(world.rows()) == 1
    question = whispers(world)[-1]
    for _ in range(2):
        await world.person().click(question, "Call anyway")
        await world.clock.settle()
    assert "(call 2)" in reads(world, whispers(world)[-1])
    await world.pass_time(30)
    assert len(world.rows()) == 2
    assert world.heard(ANN) == ["Hello", "Hello"]


async def test_call_anyway_pressed_twice_at_once_is_one_call(world: World) -> None:
    """Two fast presses of Call anyway, and Slack's repetition of one: one more call, not three."""
    await world.start_bot()
    await world.command(f"{ANN} Hello")
    await world.command(f"{ANN} Hello")
    question, ben = whispers(world)[-1], world.person()
    await asyncio.gather(*(ben.click(question, "Call anyway") for _ in range(3)))
    await world.clock.settle()
    await redeliver(world, delivered(world, "block_actions")[-1])
    await world.pass_time(30)
    assert len(world.rows()) == 2


@pytest.mark.parametrize(
    ("first", "second", "seconds"),
    [
        ("Hello", "Hello!", 5),  # other words
        ("Hello", "Hello", 121),  # long enough ago
        ("Hello", 'Hello at="in 30m"', 5),  # another time
    ],
)
async def test_another_wish_is_not_asked_about(
    world: World, first: str, second: str, seconds: int
) -> None:
    """Only the very same call within two minutes is taken for a slip."""
    await world.start_bot()
    await world.command(f"{ANN} {first}")
    await world.pass_time(seconds)
    assert "You asked" not in await world.command(f"{ANN} {second}")
    assert len(world.rows()) == 2


async def test_two_people_may_ask_for_the_same(world: World) -> None:
    """Ana's call is not Ben's slip."""
    await world.start_bot()
    await world.command(f"{ANN} Hello", who="ben")
    assert "(call 2)" in await world.command(f"{ANN} Hello", who="ana")


async def test_call_again_pressed_twice_rings_once_more(world: World) -> None:
    """Two presses within a moment, of two people: the second is told how it stands."""
    await world.start_bot()
    await world.command("list", who="ana")
    await world.command("list")
    await world.command(f"{BUSY} Hello")
    await world.pass_time(20)
    card = world.card()
    ben, ana = world.person("ben"), world.person("ana")
    await asyncio.gather(ben.click(card, "Call again"), ana.click(card, "Call again"))
    await world.clock.settle()
    told = reads(world, whispers(world, "ben")[-1]) + reads(
        world, whispers(world, "ana")[-1], "ana"
    )
    assert told.count("Done: the card shows it.") == 1
    assert told.count("Already settled. Call to +1 ••• ••• 0111") == 1
    await world.pass_time(20)
    assert len(world.line.posts) == 2
    assert world.thread().count("asked to call again") == 1
    keeps_the_promise(world, times=2)


async def test_call_again_of_an_old_card_does_nothing(world: World) -> None:
    """After the second call has ended the first card's button, pressed or repeated, is void."""
    await world.start_bot()
    await world.command("list")
    await world.command(f"{BUSY} Hello")
    await world.pass_time(20)
    card, old = world.card(), world.card().blocks
    await world.click("Call again")
    await world.pass_time(20)
    await redeliver(world, delivered(world, "block_actions")[-1])
    await world.pass_time(20)
    assert len(world.line.posts) == 2
    new, card.blocks = card.blocks, old
    await world.person().click(card, "Call again")
    card.blocks = new
    await world.clock.settle()
    await world.pass_time(20)
    assert "Already settled." in reads(world, whispers(world)[-1])
    assert len(world.line.posts) == 2


async def test_a_person_who_does_not_confirm_calls_nobody(world: World) -> None:
    """Call again asks first: No is no."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello")
    await world.pass_time(20)
    assert await world.person().click(world.card(), "Call again", confirms=False) is None
    await world.pass_time(20)
    assert len(world.line.posts) == 1


async def test_cancel_pressed_twice_is_told_once(world: World) -> None:
    """By two people at once, before it is dialled: one cancels, the other reads so."""
    await world.start_bot()
    await world.command("list", who="ana")
    await world.command(f'{ANN} Hello at="in 30m"')
    card = world.card()
    ben, ana = world.person("ben"), world.person("ana")
    await asyncio.gather(ben.click(card, "Cancel call"), ana.click(card, "Cancel call"))
    await world.clock.settle()
    await world.pass_time(5)
    told = [reads(world, whispers(world, who)[-1], who) for who in ("ben", "ana")]
    assert sum("Cancelled: it will not ring." in one for one in told) == 1
    assert sum("Already settled." in one for one in told) == 1
    assert world.thread().count("Cancelled by @") == 1
    assert stands(world) == ("ended", "cancelled")
    assert world.line.posts == []


async def test_a_button_on_an_outdated_card_changes_nothing(world: World) -> None:
    """Ben's Slack still shows the card of before: Cancel comes too late and says how it stands."""
    await world.start_bot()
    await world.command("list")
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello")
    await world.pass_time(2)
    old = world.card().blocks
    await world.pass_time(60)
    card, new = world.card(), world.card().blocks
    card.blocks = old
    await world.person().click(card, "Cancel call")
    card.blocks = new
    await world.clock.settle()
    assert "Already settled. Call to +1 ••• ••• 0101 was answered" in reads(
        world, whispers(world)[-1]
    )
    assert stands(world) == ("ended", "answered")
    assert "asked to cancel" not in world.thread()


async def test_a_button_pressed_before_we_know_where_the_card_is(world: World) -> None:
    """Ben presses in the moment between Slack's post and our note of it (S25)."""
    await world.start_bot()
    await world.command("list")
    await world.person().command("/robocall", f'{ANN} Hello at="in 30m"', DESK)
    await world.workspace.until(world.cards)
    await world.person().click(world.card(), "Cancel call")
    await world.clock.settle()
    await world.pass_time(5)
    assert stands(world) == ("ended", "cancelled")
    assert len(world.cards()) == 1
    assert "was cancelled" in world.thread()


async def test_somebody_elses_call_is_not_theirs_to_move(world: World) -> None:
    """Priya may look, but neither cancel Ben's call nor ring again; Ana, the admin, may."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 30m"')
    refusal = "Only the person who asked for this call, or an admin, can do that."
    assert refusal in await world.click("Cancel call", who="priya")
    assert refusal in await world.command("cancel 1", who="priya")
    assert stands(world) == ("scheduled", None)
    assert "Cancelled: it will not ring." in await world.click("Cancel call", who="ana")
    await world.pass_time(5)
    assert stands(world) == ("ended", "cancelled")
    assert refusal in await world.click("Call again", who="priya")
    assert world.line.posts == []


async def test_a_stranger_who_presses_is_asked_about_once_and_answered(world: World) -> None:
    """The role of somebody new is looked up first; the press is still acknowledged at once."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 30m"')
    await world.click("Cancel call", who="ana")
    assert stands(world) == ("ended", "cancelled")
    asked = [one.request["user"] for one in requests(world, "users.info")]
    assert asked.count("U0ANA") == 1
