"""Slack hangs up while the bot opens or updates what a person looks at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.sandbox.slack.faults import Fault
from tests.support.world import World, a_world

GONE = [Fault(drops=True), Fault(status=503), Fault.refused("internal_error")]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Slack, the voice service and a running bot."""
    async with a_world(tmp_path) as made:
        await made.start_bot()
        yield made


def asked_for(method: str, world: World) -> bool:
    """Whether the bot has called that method."""
    return any(exchange.name == method for exchange in world.workspace.exchanges)


@pytest.mark.parametrize("fault", GONE)
async def test_a_form_that_cannot_be_opened_is_told(world: World, fault: Fault) -> None:
    """The person who typed the command is not left without an answer."""
    world.slack.faults.plan("views.open", fault)
    with capture_logs() as logs:
        told = await world.command("")
    assert "Press the button to open it" in told
    assert [line["event"] for line in logs if line["log_level"] != "info"] == ["form.not_opened"]


@pytest.mark.parametrize("fault", GONE)
async def test_a_home_page_that_cannot_be_shown_is_logged(world: World, fault: Fault) -> None:
    """It is a warning, not a crash of a task."""
    world.slack.faults.plan("views.publish", fault)
    with capture_logs() as logs:
        world.person().open_home()
        await world.slack.workspace.until(lambda: asked_for("views.publish", world))
        await world.clock.settle()
    assert [line["event"] for line in logs] == ["home.not_published"]
