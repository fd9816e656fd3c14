"""`/healthz` and `/readyz` of a running bot: alive is not the same as able to do the job."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.world import BY_HAND, World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A running bot."""
    async with a_world(tmp_path) as made:
        await made.start_bot()
        yield made


async def asked(world: World, path: str) -> tuple[int, dict[str, Any]]:
    """Status and body."""
    assert world.bot is not None
    async with aiohttp.ClientSession() as http, http.get(f"{world.bot.url}{path}") as answer:
        return answer.status, await answer.json()


async def test_a_bot_that_can_do_its_job_is_ready(world: World) -> None:
    """Each part by name, nothing personal in it (A30)."""
    assert await asked(world, "/healthz") == (200, {"alive": True})
    assert await asked(world, "/readyz") == (
        200,
        {"slack": True, "database": True, "voice_api": True},
    )


async def test_without_slack_it_is_alive_but_not_ready(world: World) -> None:
    """The connection is gone: nobody can reach it."""
    await world.slack.close()
    async with asyncio.timeout(10):
        while (answer := await asked(world, "/readyz"))[0] == 200:
            pass
    assert answer == (503, {"slack": False, "database": True, "voice_api": True})
    assert (await asked(world, "/healthz"))[0] == 200


async def test_without_its_database_it_is_not_ready(world: World) -> None:
    """What cannot be saved cannot be promised."""
    assert world.bot is not None
    await world.bot.parts.store.close()
    status, parts = await asked(world, "/readyz")
    assert (status, parts["database"]) == (503, False)


@pytest.mark.parametrize("fault", ["401_before", "429_before"])
async def test_a_voice_service_that_turns_us_away_is_told(world: World, fault: str) -> None:
    """A refused key or too many calls: not ready, until a call gets through again."""
    world.line.breaks(fault)
    await world.command(f"{BY_HAND} Hello")
    await world.clock.settle()
    status, parts = await asked(world, "/readyz")
    assert (status, parts["voice_api"]) == (503, False)
    await world.pass_time(600)
    assert (await asked(world, "/readyz"))[0] == 200


async def test_in_http_mode_slack_needs_no_connection(tmp_path: Path) -> None:
    """Slack comes to us."""
    async with a_world(tmp_path) as world:
        await world.start_bot(over_http=True)
        assert (await asked(world, "/readyz"))[0] == 200
