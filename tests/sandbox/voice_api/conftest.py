"""A running embedded voice service with a pushed clock, its client and a webhook receiver."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from bot.sandbox.clock import PushedClock
from bot.sandbox.voice_api import UNLIMITED, start
from tests.sandbox.voice_api.support import TEN, Receiver, VoiceApi

OpenApi = Callable[..., Awaitable[VoiceApi]]


@pytest.fixture
async def open_api() -> AsyncIterator[OpenApi]:
    """Start services with the options of `start`; they end with the test."""
    opened: list[VoiceApi] = []

    async def open_one(**options: Any) -> VoiceApi:
        clock = PushedClock(TEN)
        server = await start(clock=clock, **{"plan": UNLIMITED, **options})
        opened.append(VoiceApi(session=aiohttp.ClientSession(), server=server, clock=clock))
        return opened[-1]

    yield open_one
    for api in opened:
        await api.session.close()
        await api.server.close()


@pytest.fixture
async def api(open_api: OpenApi) -> VoiceApi:
    """A service without limits."""
    return await open_api()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Where webhooks are sent to."""
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.close()
