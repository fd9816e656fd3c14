"""Starting, stopping and failing of the embedded voice service."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress

import aiohttp
import pytest

from bot.sandbox.clock import RealClock
from bot.sandbox.voice_api import UNLIMITED, serve, start
from bot.sandbox.voice_api.tasks import Tasks
from tests.sandbox.voice_api.support import LISTENER, Receiver

GOOD = {"phone_number": LISTENER, "message": "Hello"}
KEY = {"Authorization": "Bearer K"}


async def test_a_compressed_service_holds_many_calls_at_once(receiver: Receiver) -> None:
    """200 calls, 600 times as fast as life: every one ends, every webhook arrives in order."""
    server = await start(clock=RealClock(speed=600), plan=UNLIMITED)
    async with aiohttp.ClientSession(headers=KEY) as session:
        for _ in range(200):
            body = {**GOOD, "callback_url": receiver.url}
            async with session.post(f"{server.api_url}/call", json=body) as answer:
                assert answer.status == 200
        await receiver.received("completed", 200)
    by_call: dict[str, list[str]] = {}
    for body, event in zip(receiver.bodies, receiver.events, strict=True):
        by_call.setdefault(body["call_id"], []).append(event)
    assert list(by_call.values()) == [["answered", "completed"]] * 200
    await server.close()


async def test_stopping_ends_calls_and_deliveries_at_once(receiver: Receiver) -> None:
    """Whatever rings, waits or is being delivered: nothing is left running, nothing listens."""
    receiver.held.clear()
    server = await start(clock=RealClock(speed=1000), plan=UNLIMITED)
    async with aiohttp.ClientSession(headers=KEY) as session:
        for number in (LISTENER, "+14155550100"):
            body = {"phone_number": number, "message": "Hi", "callback_url": receiver.url}
            await session.post(f"{server.api_url}/call", json=body)
        await receiver.received("answered")
        async with asyncio.timeout(5):
            await server.close()
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(server.url)


async def test_serve_says_where_it_listens_until_it_is_stopped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The address to open, and the setting to point the bot at it."""
    serving = asyncio.ensure_future(
        serve(host="127.0.0.1", port=0, plan="pro", speed=2, api_key="K")
    )
    printed = ""
    while "VOICE_API_URL" not in printed:
        await asyncio.sleep(0)
        printed += capsys.readouterr().out
    url = printed.split("VOICE_API_URL=")[1].strip()
    assert f"{url.removesuffix('/api/v1/voice-bot')}/ " in printed
    async with aiohttp.ClientSession(headers=KEY) as session:
        async with session.post(f"{url}/call", json=GOOD) as answer:
            assert answer.status == 200
        async with session.get(url.removesuffix("/api/v1/voice-bot")) as answer:
            text = await answer.text()
            assert "pro: 100 a minute, 20 at once" in text
            assert "2 \u00d7" in text
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def test_serve_refuses_a_plan_that_does_not_exist() -> None:
    """And names those that do."""
    with pytest.raises(ValueError, match="free, pro, unlimited"):
        await serve(host="127.0.0.1", port=0, plan="gold", speed=1, api_key=None)


async def test_an_address_that_is_taken_is_an_error() -> None:
    """The caller learns it, nothing is left behind."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="address already in use"),
    ):
        await start(port=taken.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "shown"), [("0.0.0.0", "http://127.0.0.1:"), ("localhost", "http://localhost:")]
)
async def test_the_url_can_be_opened(host: str, shown: str) -> None:
    """Listening on every address is shown as loopback."""
    server = await start(host)
    assert server.url.startswith(shown)
    await server.close()


async def test_a_task_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It does not vanish, and does not take the others with it."""

    async def fail() -> None:
        raise LookupError

    tasks = Tasks()
    with caplog.at_level(logging.ERROR):
        await asyncio.wait({tasks.start(fail())})
        await asyncio.sleep(0)
    assert "a background task failed" in caplog.text
    await tasks.close()
