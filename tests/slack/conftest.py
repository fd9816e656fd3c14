"""The embedded Slack, a database in a file, and a sender between them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import SlackServer, Workspace
from storage.database import Database
from tests.slack.desk import SCOPES, Desk, manifest, sender_for
from tests.slack.examples import NOW


@pytest.fixture
def clock() -> PushedClock:
    """Time stands still unless the test pushes it."""
    return PushedClock(NOW)


@pytest.fixture
def scopes() -> tuple[str, ...]:
    """What the app may do; a test may want less."""
    return SCOPES


@pytest.fixture
async def slack(clock: PushedClock, scopes: tuple[str, ...]) -> AsyncIterator[SlackServer]:
    """The embedded Slack, listening on a free port."""
    server = SlackServer(Workspace(manifest(*scopes), clock=clock))
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    """An open database."""
    database = await Database.open(tmp_path / "robocall.db")
    yield database
    await database.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """The bot's one session."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def desk(
    slack: SlackServer, store: Database, clock: PushedClock, http: aiohttp.ClientSession
) -> Desk:
    """All of it together."""
    sender = sender_for(slack, store, clock, http)
    return Desk(slack=slack, store=store, clock=clock, sender=sender)
