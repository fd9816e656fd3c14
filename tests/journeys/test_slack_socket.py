from __future__ import annotations

import asyncio

import pytest

from bot.slack.answers import HELLO
from tests.support.slack_side import delivered, direct, redeliver, requests, taken
from tests.support.voice_side import keeps_the_promise
from tests.support.world import DESK, World

ANN = "+14155550130"


@pytest.fixture(autouse=True)
def _soon_noticed(world: World) -> None:
    """A dead line is noticed within a second, not ten: that is time of the machine's own."""
    world.ping_every = 1.0


async def connected(world: World) -> None:
    """Wait until the bot holds a websocket."""
    await world.workspace.until(lambda: world.slack.sockets.connection_count)
    await world.clock.settle()


async def test_a_refresh_is_not_noticed_by_anybody(world: World) -> None:
    """Slack asks for a new connection every few hours: the bot comes back by itself."""
    await world.start_bot()
    for number in range(3):
        tickets = len(requests(world, "apps.connections.open"))
        await world.pass_time(61)  # Slack gives few tickets a minute
        await world.slack.sockets.refresh()
        await connected(world)
        assert len(requests(world, "apps.connections.open")) > tickets
        await world.command(f"+1415555013{number} Hello")
    await world.pass_time(30)
    assert [call["result"] for call in world.rows()] == ["answered"] * 3
    keeps_the_promise(world)


async def test_a_dropped_line_comes_back(world: World) -> None:
    """Cut without a word: the bot asks for a new address and goes on."""
    await world.start_bot()
    await world.pass_time(61)
    world.slack.sockets.drop()
    await world.workspace.until(lambda: not world.slack.sockets.connection_count)
    await connected(world)
    await world.command(f"{ANN} Hello")
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello"]


async def test_a_line_that_drops_while_a_command_is_under_way(world: World) -> None:
    """The acknowledgement is lost; Ben sees a timeout and types it again: one call."""
    await world.start_bot()
    await world.pass_time(61)
    ben = world.person()
    typing = asyncio.ensure_future(ben.command("/robocall", f"{ANN} Hello", DESK))
    await world.workspace.until(lambda: delivered(world, "/robocall"))
    world.slack.sockets.drop()
    await world.workspace.until(lambda: not world.slack.sockets.connection_count)
    await world.clock.advance(3)
    told = await typing
    assert told is not None
    if told.error:  # the acknowledgement may just have made it
        assert told.error in {"operation_timeout", "dispatch_failed"}
    await connected(world)
    await world.command(f"{ANN} Hello")
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello"]
    keeps_the_promise(world)


async def test_envelopes_that_come_again_have_one_effect(world: World) -> None:
    """After a reconnect Slack delivers everything once more: command, press, form and event."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 1m"')
    await world.click("Cancel call")
    await world.pass_time(5)
    await world.click("Call again")
    ben = world.person()
    ben.dm("hello")
    await taken(world)
    first = list(delivered(world))
    await world.pass_time(61)
    await world.slack.sockets.refresh()
    await connected(world)
    for one in first:
        assert (await redeliver(world, one)).error is None
    await world.pass_time(60)
    assert world.heard(ANN) == ["Hello"]
    assert len(world.rows()) == 1
    assert [m.text for m in direct(world)] == [HELLO]
    assert world.thread().count("asked to call again") == 1


async def test_an_event_nobody_could_take_comes_again(world: World) -> None:
    """While the line is down Slack keeps the event; it is answered once, when it is up."""
    await world.start_bot()
    await world.pass_time(61)
    world.slack.sockets.drop()
    world.person().dm("hello")
    await world.workspace.until(lambda: delivered(world, "message"))
    await connected(world)
    await world.pass_time(61)
    await taken(world)
    assert [m.text for m in direct(world)] == [HELLO]


async def test_a_command_that_nobody_took_had_no_effect(world: World) -> None:
    """The bot is not there: Slack says so, nothing is kept, and the next try works."""
    await world.start_bot()
    await world.stop_bot()
    told = await world.person().command("/robocall", f"{ANN} Hello", DESK)
    assert told is not None
    assert told.error == "dispatch_failed"
    await world.start_bot()
    await world.pass_time(10)
    assert world.rows() == []
    await world.command(f"{ANN} Hello")
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello"]
