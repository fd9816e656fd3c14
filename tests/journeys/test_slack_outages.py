from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from bot.sandbox.slack import Fault
from bot.sandbox.slack.traffic import Exchange
from bot.slack import ids
from tests.support.slack_side import delivered, requests
from tests.support.voice_side import keeps_the_promise, stands
from tests.support.world import ANSWERS_AND_PRESSES_1, DESK, World

ANN = "+14155550130"
BEA = "+14155550131"
EVERYTHING = (
    "auth.test",
    "users.info",
    "views.open",
    "views.update",
    "views.publish",
    "chat.postMessage",
    "chat.update",
)
AMBIGUOUS = [
    Fault.accepted_then_dropped(),
    Fault.server_error(500, accepts=True),
    Fault.server_error(503, accepts=True),
    Fault(error="internal_error", accepts=True),
    Fault(error="fatal_error", accepts=True),
]
HARMLESS = [Fault.rate_limited(2), Fault.server_error(500), Fault(drops=True)]


@asynccontextmanager
async def everything_hangs(world: World) -> AsyncIterator[None]:
    """Neither Slack's Web API nor the voice service answers; at the end both are let go."""
    for method in EVERYTHING:
        world.slack.faults.plan(method, Fault.hang(), times=50)
    world.line.always = "hold"
    world.line.breaks()
    try:
        yield
    finally:
        world.line.release()
        world.slack.release_hanging()


def acknowledged(deliveries: Iterable[Exchange | None]) -> bool:
    """Whether the person saw no warning sign: Slack got its answer in its three seconds."""
    told = list(deliveries)
    return bool(told) and all(one is not None and one.error is None for one in told)


@pytest.mark.parametrize("over_http", [False, True])
async def test_no_acknowledgement_waits_for_the_network(world: World, over_http: bool) -> None:
    """Slack's Web API and the voice service hang: every kind of delivery is acknowledged."""
    await world.start_bot(over_http=over_http)
    await world.command(f'{ANN} Hello at="in 30m"')
    card, ben, priya = world.card(), world.person("ben"), world.person("priya")
    async with everything_hangs(world):
        told = [
            await ben.command("/robocall", f"{BEA} Hello", DESK),
            await priya.command("/robocall", f'{BEA} Hello at="18:30"', DESK),
            await priya.command("/robocall", "list", DESK),
            await ben.command("/robocall", "status 1", DESK),
            await ben.command("/robocall", "", DESK),
            await ben.command("/robocall", "help", DESK),
            await priya.click(card, "Details"),
            await ben.click(card, "Cancel call"),
            await ben.global_shortcut(ids.CALL_NEW),
            await ben.message_shortcut(card, ids.CALL_FROM_MESSAGE),
        ]
        ben.open_home()
        ben.dm("hello")
        await world.workspace.until(lambda: delivered(world, "message"))
        await world.workspace.until(lambda: all(e.answer is not None for e in delivered(world)))
        assert acknowledged(told)
        assert world.rows()[1]["phone_number"] == BEA
        assert world.rows()[0]["result"] == "cancelled"


@pytest.mark.parametrize("over_http", [False, True])
async def test_a_form_is_taken_while_everything_hangs(world: World, over_http: bool) -> None:
    """The answer to a form is in its acknowledgement: stored and closed, or wrong at a field."""
    await world.start_bot(over_http=over_http)
    ben = world.person()
    await ben.command("/robocall", "", DESK)
    await world.clock.settle()
    form = ben.form()
    async with everything_hangs(world):
        await ben.type_in(form, "message", "Hello")
        assert set((await ben.submit(form, {"to": "911"})).errors) == {"to"}
        assert (await ben.submit(form, {"to": ANN})).is_closed
        assert world.call()["phone_number"] == ANN


async def test_the_very_first_delivery_asks_nobody(world: World) -> None:
    """Right after the start too: who the bot is was learned before, or is not needed."""
    world.slack.faults.plan("auth.test", Fault.refused("internal_error"))
    await world.start_bot()
    async with everything_hangs(world):
        assert acknowledged([await world.person().command("/robocall", "help", DESK)])


# --- one card, whatever happens --------------------------------------------------------


@pytest.mark.parametrize("nth", [1, 3])
async def test_every_message_is_there_exactly_once(world: World, nth: int) -> None:
    """Whichever post goes wrong, and however: one card, each reply once, in order."""
    await world.start_bot()
    for count, fault in enumerate(AMBIGUOUS + HARMLESS, start=1):
        before = len(requests(world, "chat.postMessage"))
        if nth == 1:
            world.slack.faults.plan("chat.postMessage", fault)
        await world.command(f"+1415555013{count} Hello")
        while len(requests(world, "chat.postMessage")) < before + nth - 1:
            await world.pass_time(0.5)
        if nth > 1:
            world.slack.faults.plan("chat.postMessage", fault)
        await world.pass_time(60)
        assert len(requests(world, "chat.postMessage")) >= before + nth
        thread = world.thread()
        story = ["was answered", "Ringing", "Answered.", "Finished: answered"]
        places = [thread.find(words) for words in story]
        assert -1 not in places, fault
        assert places == sorted(places), fault
        assert [thread.count(words) for words in story[1:]] == [1, 1, 1], fault
        assert len(world.cards()) == count, fault
    keeps_the_promise(world)


async def test_one_channel_waits_and_the_others_go_on(world: World) -> None:
    """429 with 30 seconds: the desk waits, the general channel does not, nor does the phone."""
    await world.start_bot()
    world.slack.faults.plan("chat.postMessage", Fault.rate_limited(30))
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello")
    await world.command(f"{ANN} Hello", channel="general")
    await world.pass_time(28)
    assert world.cards(DESK) == []
    assert "was answered" in world.thread("general")
    assert all(call["state"] == "ended" for call in world.rows())
    await world.pass_time(30)
    thread = world.thread()
    assert thread.index("Ringing") < thread.index("Answered.") < thread.index("Finished")
    assert len(world.cards()) == 1


async def test_calls_go_on_while_slack_is_down(world: World) -> None:
    """Ten minutes without Slack: the phone rings, the log is right, the story is told later."""
    await world.start_bot()
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello at="in 1m"')
    for method in ("chat.postMessage", "chat.update"):
        world.slack.faults.plan(method, Fault.server_error(503), times=6)
    await world.pass_time(100)
    assert stands(world) == ("ended", "answered")
    assert "waits for its time" in world.thread()
    await world.pass_time(500)
    thread = world.thread()
    for words in ("Call to +1 ••• ••• 0101 was answered", "Ringing", "Finished: answered"):
        assert words in thread
    keeps_the_promise(world)


async def test_edits_are_few_and_end_with_the_truth(world: World) -> None:
    """However often a card changes, it is edited at most once a second and ends up right."""
    await world.start_bot()
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello key="1 Confirm"')
    await world.pass_time(60)
    times = [one.sent_at for one in requests(world, "chat.update")]
    gaps = [(b - a).total_seconds() for a, b in pairwise(times)]
    assert all(gap >= 1 for gap in gaps)
    assert "was answered" in world.thread()


async def test_posts_keep_slacks_pace(world: World) -> None:
    """Five calls at once in one channel: no post within a second of another, none refused."""
    await world.start_bot()
    for number in range(5):
        await world.command(f"+1415555014{number} Hello")
    await world.pass_time(60)
    assert [one for one in requests(world, "chat.postMessage") if one.error] == []
    assert len(world.cards()) == 5
    keeps_the_promise(world)
