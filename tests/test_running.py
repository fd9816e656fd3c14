"""The bot's life: starting although Slack stutters, stopping by itself when it must, tidying up."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot import running
from bot.config import Settings
from bot.running import Robocall, run
from bot.sandbox.slack.faults import Fault
from handlers.socket_mode import SlackRefusedToken
from storage.database import Database
from tests.support.world import BY_HAND, World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Slack and the voice service; the test starts the bot."""
    async with a_world(tmp_path) as made:
        yield made


def settings_of(world: World, **changes: object) -> Settings:
    """Complete settings for a bot of that world."""
    return Settings.model_validate(
        {
            "slack_bot_token": world.slack.bot_token,
            "slack_app_token": world.slack.app_token,
            "slack_api_url": world.slack.api_url,
            "voice_api_key": "a-key",
            "voice_api_url": world.line.url,
            "robocall_port": 0,
            "robocall_db": world.database,
            **changes,
        }
    )


@pytest.mark.parametrize("over_http", [False, True])
@pytest.mark.parametrize(
    "fault", [Fault(status=503), Fault(drops=True), Fault.refused("internal_error")]
)
async def test_it_starts_although_slack_stutters(
    world: World, fault: Fault, over_http: bool
) -> None:
    """An outage at the first greeting is a warning: the calls that are due go on."""
    world.slack.faults.plan("auth.test", fault)
    with capture_logs() as logs:
        await world.start_bot(over_http=over_http)
    assert "slack.unsure" in [line["event"] for line in logs]
    await world.command(f"{BY_HAND} Hello")
    assert world.call()["state"] == "placed"


@pytest.mark.parametrize("app_token", [None, "xapp-1"])
async def test_it_does_not_start_with_a_token_slack_refuses(
    world: World, app_token: str | None
) -> None:
    """In both modes, at once, and everything it had opened is closed again."""
    world.slack.revoke_token("account_inactive")
    settings = settings_of(world, slack_app_token=app_token, slack_signing_secret="s")
    with pytest.raises(SlackRefusedToken, match="account_inactive"):
        await run(settings, asyncio.Event())
    await (await Database.open(world.database)).close()


async def test_it_runs_until_it_is_told_to_stop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sentence: it stopped because it was asked to."""
    monkeypatch.setattr(running, "tune_garbage_collector", lambda: None)
    stop = asyncio.Event()
    bot = asyncio.ensure_future(run(settings_of(world), stop))
    await world.workspace.until(lambda: world.slack.sockets.connection_count == 1)
    stop.set()
    assert await bot is None
    assert world.slack.sockets.connection_count == 0


async def test_it_stops_by_itself_when_the_file_is_replaced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D7: a file that is not the one we opened cannot be trusted; a sentence says so."""
    monkeypatch.setattr(running, "tune_garbage_collector", lambda: None)
    bot = asyncio.ensure_future(run(settings_of(world), asyncio.Event()))
    await world.workspace.until(lambda: world.slack.sockets.connection_count == 1)
    world.database.unlink()
    await world.person().command("/robocall", f"{BY_HAND} Hello", "front-desk")
    why = await asyncio.wait_for(bot, 10)
    assert why == "the database file was moved, deleted or replaced; nothing was saved"
    assert world.line.posts == []


async def test_a_file_that_proves_damaged_later_stops_it_before_any_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large file is checked beside the start; nothing is dialled from it meanwhile (D8)."""
    await world.start_bot()
    await world.command(f'{BY_HAND} Hello at="in 30m"')
    await world.stop_bot()
    await world.pass_time(1860)
    _spoil(world.database)
    # every file counts as large
    monkeypatch.setitem(vars(Database)["open"].__func__.__kwdefaults__, "checked_at_once", 0)
    bot = await Robocall.open(settings_of(world), clock=world.clock)
    await bot.start()
    why = await asyncio.wait_for(bot.failed(), 10)
    await bot.stop()
    assert "is damaged" in why
    assert world.line.posts == []


def _spoil(path: Path) -> None:
    """Break an index that nobody needs for opening the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("pragma journal_mode = delete")
        (page,) = connection.execute(
            "select rootpage from sqlite_master where type = 'index' and rootpage > 0"
            " order by rootpage desc limit 1"
        ).fetchone()
        (size,) = connection.execute("pragma page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


async def test_what_is_old_is_forgotten(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Housekeeping comes by itself; what may still be needed stays."""
    monkeypatch.setattr(running, "HOUSEKEEPING_EVERY", 60.0)
    monkeypatch.setattr(running, "KEEP_DELIVERIES_FOR", timedelta(seconds=90))
    bot = await world.start_bot()
    store, now = bot.parts.store, world.clock.now()
    await store.write(lambda tx: tx.save_draft("V1", {"message": "Hello"}, now=now))
    await world.pass_time(61)
    assert await store.read(lambda tx: tx.draft("V1")) == {"message": "Hello"}
    await world.pass_time(60)
    assert await store.read(lambda tx: tx.draft("V1")) is None


async def test_work_that_hangs_is_cut_at_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopping takes a bounded time, and says what it cut."""
    monkeypatch.setattr(running, "DRAIN_SECONDS", 0.05)
    bot = await world.start_bot()
    bot.parts.tasks.start(asyncio.Event().wait(), name="hangs")
    with capture_logs() as logs:
        await world.stop_bot()
    assert ("stop.cut", 1) in [(line["event"], line.get("tasks")) for line in logs]
