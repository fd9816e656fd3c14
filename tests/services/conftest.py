"""A rig for every test of the services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.services.rig import Rig, a_rig

MakeRig = Callable[..., Awaitable[Rig]]


@pytest.fixture
async def make_rig(tmp_path: Path) -> AsyncIterator[MakeRig]:
    """Make a rig that dials already, for an installation decided as the arguments say."""
    async with AsyncExitStack() as made:

        async def make(**deployment: Any) -> Rig:
            rig = await made.enter_async_context(a_rig(tmp_path, **deployment))
            await rig.begin()
            return rig

        yield make


@pytest.fixture
async def rig(make_rig: MakeRig) -> Rig:
    """A rig that dials already; the bot owns the schedule and the retries."""
    return await make_rig()
