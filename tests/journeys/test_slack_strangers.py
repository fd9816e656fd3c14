"""Whom the bot does not know yet, and commands that waited for that."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TypeVar

import pytest

from bot.domain.errors import StoreUnavailable
from bot.ports import PendingCommand, Profile, Store, Transaction
from bot.sandbox.slack import Fault
from bot.slack.answers import NOT_SAVED
from handlers.commands import GIVEN_UP
from handlers.looking import NOT_YOURS
from tests.support.slack_side import delivered, direct, reads, redeliver, whispers
from tests.support.voice_side import stands
from tests.support.world import BUSY, BY_HAND, DESK, World

ANN = "+14155550130"
BEA = "+14155550131"
T = TypeVar("T")


def happened(world: World, name: str) -> bool:
    """Whether the log tells of it."""
    return name in [event["event"] for event in world.rows("event_log")]


async def test_a_cancel_is_done_before_slack_says_who_asks(world: World) -> None:
    """One's own call needs no role: the wish is stored when it is acknowledged (S2)."""
    await world.start_bot()
    world.slack.faults.plan("users.info", Fault.hang(), times=9)
    ben = world.person()
    await ben.command("/robocall", f"{BY_HAND} Hello", DESK)
    told = await ben.command("/robocall", "cancel 1", DESK)
    assert told is not None
    assert told.error is None
    assert happened(world, "cancel_requested") or happened(world, "cancelled")
    world.slack.release_hanging()
    await world.clock.settle()


async def test_a_press_is_done_before_slack_says_who_pressed(world: World) -> None:
    """The same for Call again."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello")
    await world.pass_time(20)
    await forget_everybody(world)
    world.slack.faults.plan("users.info", Fault.hang(), times=9)
    await world.person().click(world.card(), "Call again")
    assert happened(world, "called_again")
    world.slack.release_hanging()
    await world.clock.settle()


async def forget_everybody(world: World) -> None:
    """Start anew, as if nobody had ever been looked up."""
    await world.stop_bot()
    with closing(sqlite3.connect(world.database, isolation_level=None)) as connection:
        connection.execute("delete from profiles")
    await world.start_bot()


@pytest.mark.parametrize(("who", "state"), [("ana", "ended"), ("priya", "scheduled")])
async def test_an_admin_nobody_knew_may_cancel_anothers_call(
    world: World, who: str, state: str
) -> None:
    """Slack is asked who they are before they are refused."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 1h"')
    said = await world.command("cancel 1", who=who)
    assert stands(world)[0] == state
    assert (NOT_YOURS in said) is (who == "priya")


async def test_a_press_that_slack_repeats_later_is_the_same_press(world: World) -> None:
    """Called again, cancelled before it could ring, delivered once more: nothing rings."""
    await world.start_bot(voice_concurrent_calls=1)
    await world.command(f'{ANN} Hello at="in 1m"')
    await world.click("Cancel call")
    await world.command(f"{BY_HAND} Hello")
    await world.pass_time(5)
    card = world.cards()[0]
    await world.person().click(card, "Call again")
    await world.clock.settle()
    press = delivered(world, "block_actions")[-1]
    await world.pass_time(5)
    assert "Cancelled" in await world.command("cancel 1")
    await redeliver(world, press)
    assert world.rows()[0]["state"] == "ended"
    assert len(world.line.posts) == 1


async def test_a_zone_nobody_knows_holds_up_no_other_command(world: World) -> None:
    """A profile of another machine: its time is refused in words, the next command is done."""
    bot = await world.start_bot()
    now = world.clock.now()
    odd = Profile(
        user_id=world.workspace.person("priya").user_id,
        zone="Mars/Olympus",
        is_admin=False,
        fetched_at=now,
    )
    await keep(world, "first", f'{ANN} Hello at="18:30"', who="priya")
    await keep(world, "second", f'{BEA} Hello at="in 1m"', who="ben")
    await bot.parts.store.write(lambda tx: tx.save_profile(odd))
    await world.pass_time(5)
    assert [row["phone_number"] for row in world.rows()] == [BEA]
    assert "I cannot see your time zone" in reads(world, direct(world, "priya")[-1], "priya")
    assert "cannot see" in await world.command(f'{ANN} Hello at="18:30"', who="priya")


async def keep(world: World, key: str, text: str, *, who: str) -> None:
    """A command that waited when the bot was killed; its response_url has expired."""
    assert world.bot is not None
    now = world.clock.now()
    payload = {
        "user_id": world.workspace.person(who).user_id,
        "channel_id": world.workspace.channel(DESK).channel_id,
        "trigger_id": key,
        "text": text,
        "response_url": "https://hooks.example/spent",
    }
    command = PendingCommand(key=key, payload=payload)
    await world.bot.parts.store.write(lambda tx: tx.keep_pending(command, now=now))


@pytest.mark.parametrize(
    ("text", "told"), [("dial somebody", "I do not know “dial”"), ("campaign", GIVEN_UP)]
)
async def test_a_command_that_means_nothing_any_more_is_told(
    world: World, text: str, told: str
) -> None:
    """Kept by another version, which read it as a call; it is not kept for ever."""
    await world.start_bot()
    await keep(world, "old", text, who="ben")
    await world.pass_time(5)
    (answer,) = direct(world)
    assert told in reads(world, answer)
    assert f"/robocall {text}" in reads(world, answer)
    await world.pass_time(60)
    assert len(direct(world)) == 1


class _Refusing:
    """A store that fails so many writes in a given way, then is itself again."""

    def __init__(self, store: Store, error: Exception, *, times: int) -> None:
        self._store = store
        self._error = error
        self.times = times

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """As the store does, later."""
        self.times -= 1
        if self.times >= 0:
            raise self._error
        return await self._store.write(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """As the store does."""
        return await self._store.read(work)


async def test_what_cannot_be_saved_now_is_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full for a while: the command stays, and is done when it can be."""
    bot = await world.start_bot()
    store = _Refusing(bot.parts.store, StoreUnavailable("the disk is full"), times=2)
    monkeypatch.setattr(bot.parts.services.requests, "_store", store)
    await keep(world, "kept", f'{ANN} Hello at="in 1m"', who="ben")
    await world.pass_time(5)
    assert world.rows() == []
    await world.pass_time(10)
    assert len(world.rows()) == 1


async def test_what_fails_for_good_is_told_and_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours must neither block the others nor come back at every start."""
    bot = await world.start_bot()
    store = _Refusing(bot.parts.store, ZeroDivisionError(), times=1)
    monkeypatch.setattr(bot.parts.services.requests, "_store", store)
    await keep(world, "bad", f'{ANN} Hello at="in 1m"', who="ben")
    await keep(world, "good", f'{BEA} Hello at="in 1m"', who="ana")
    await world.pass_time(5)
    (answer,) = direct(world)
    assert GIVEN_UP in reads(world, answer)
    await world.pass_time(10)
    assert [row["phone_number"] for row in world.rows()] == [BEA]
    assert store.times < 0
    assert whispers(world) == []


async def test_a_press_that_could_not_be_saved_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing moved on the card, and the person who pressed reads why."""
    bot = await world.start_bot()
    await world.command(f'{ANN} Hello at="in 1h"')
    store = _Refusing(bot.parts.store, StoreUnavailable("the disk is full"), times=1)
    monkeypatch.setattr(bot.parts.services.cancels, "_store", store)
    assert NOT_SAVED in await world.click("Cancel call")
    assert stands(world) == ("scheduled", None)
