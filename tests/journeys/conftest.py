"""A world for every journey."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.world import World, a_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Slack, the voice service and the phones; the test starts the bot."""
    async with a_world(tmp_path) as made:
        yield made
