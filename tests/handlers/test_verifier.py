"""In front of Bolt: whatever a stranger sends is a 401 without a word in the log (A1, A2)."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.sandbox.clock import PushedClock
from bot.scheduler import SystemClock
from handlers.verifier import MAX_BODY, SlackVerifier
from tests.support.made import NOW
from tests.support.world import World, a_world

SECRET = "the-signing-secret"
COMMAND = {
    "command": "/robocall",
    "text": "+14155550112 Your table is ready",
    "user_id": "U0BEN",
    "channel_id": "C0FRONTDESK",
    "channel_name": "front-desk",
    "team_id": "T0ROBOTEAM",
    "trigger_id": "1.2.3",
    "response_url": "",
}


def signed(body: bytes, *, secret: str, at: float) -> dict[str, str]:
    """Slack's two headers for that body."""
    text = b"v0:%d:%b" % (at, body)
    mac = hmac.digest(secret.encode(), text, hashlib.sha256).hex()
    return {
        "X-Slack-Request-Timestamp": str(int(at)),
        "X-Slack-Signature": f"v0={mac}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A bot in HTTP mode."""
    async with a_world(tmp_path) as made:
        await made.start_bot(over_http=True)
        yield made


async def post(world: World, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of one delivery."""
    assert world.bot is not None
    url = f"{world.bot.url}/slack/events"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=body, headers=headers) as answer,
    ):
        await answer.read()
        return answer.status


def headers_for(world: World, body: bytes, *, seconds: float = 0) -> dict[str, str]:
    """As Slack signs it, that many seconds from now."""
    at = (SystemClock().now() + timedelta(seconds=seconds)).timestamp()
    return signed(body, secret=world.slack.signing_secret, at=at)


async def test_what_slack_signed_goes_through_once(world: World) -> None:
    """A replay within the five minutes is answered, and rings nobody a second time."""
    body = urlencode(COMMAND).encode()
    headers = headers_for(world, body)
    assert await post(world, body, headers) == 200
    assert await post(world, body, headers) == 200
    await world.clock.settle()
    assert len(world.rows()) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=abc"},
        {"X-Slack-Signature": f"v0={'0' * 64}"},
        {"X-Slack-Signature": f"v1={'0' * 64}"},
        {"X-Slack-Signature": f"v0={'é' * 64}"},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": "abc"},
        {"X-Slack-Request-Timestamp": "nan"},
        {"X-Slack-Request-Timestamp": "-1"},
        {"X-Slack-Request-Timestamp": "٣"},
        {"X-Slack-Request-Timestamp": "9" * 5000},
        {"X-Slack-Request-Timestamp": "999999999999"},
    ],
)
async def test_a_forged_header_is_a_401(
    world: World, caplog: pytest.LogCaptureFixture, changes: dict[str, str]
) -> None:
    """Bolt answers some of these with a 500 and logs the body; here it never sees them."""
    body = urlencode(COMMAND).encode()
    with capture_logs() as logs:
        assert await post(world, body, headers_for(world, body) | changes) == 401
    await world.clock.settle()
    assert world.rows() == []
    assert (logs, caplog.text) == ([], "")


@pytest.mark.parametrize("seconds", [-360, 360])
async def test_an_old_request_is_a_401(world: World, seconds: float) -> None:
    """Six minutes off, by the machine's clock: a replay, or a clock nobody can trust."""
    body = urlencode(COMMAND).encode()
    assert await post(world, body, headers_for(world, body, seconds=seconds)) == 401


async def test_a_changed_body_is_a_401(world: World) -> None:
    """The signature is of that body and no other."""
    body = urlencode(COMMAND).encode()
    other = urlencode(COMMAND | {"text": "+14155550113 Hello"}).encode()
    assert await post(world, other, headers_for(world, body)) == 401


async def test_a_body_that_is_no_text_is_a_401(world: World) -> None:
    """Even with a true signature of its bytes: Slack sends UTF-8."""
    body = b"command=\xff\xfe"
    assert await post(world, body, headers_for(world, body)) == 401


async def test_no_headers_at_all(world: World) -> None:
    """A scanner."""
    assert await post(world, b"", {}) == 401
    assert await post(world, b"{}", {"Content-Type": "application/json"}) == 401


async def test_the_voice_service_needs_no_signature_of_slack(world: World) -> None:
    """The other doors have their own locks."""
    assert world.bot is not None
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{world.bot.url}/voice/events/x", data=b"{}") as forged,
        http.get(f"{world.bot.url}/healthz") as alive,
    ):
        assert (forged.status, alive.status) == (404, 200)


# --- bodies that never end -------------------------------------------------------------


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """The verifier alone, with little patience, in front of a page that says yes."""

    async def yes(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    verifier = SlackVerifier(signing_secret=SECRET, clock=PushedClock(NOW), body_seconds=0.1)
    app = web.Application(middlewares=[verifier.middleware])
    app.router.add_post("/slack/events", yes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, lingering_time=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    await runner.cleanup()


async def first_line(url: str, head: bytes, body: bytes = b"") -> bytes:
    """The status line for these bytes."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: bot\r\n%b\r\n\r\n%b" % (head, body))
        return await asyncio.wait_for(reader.readline(), 10)
    finally:
        writer.close()


async def test_the_listener_still_reads_the_body(url: str) -> None:
    """What was read for the signature is not lost."""
    headers = signed(b"text=hello", secret=SECRET, at=NOW.timestamp())
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, data=b"text=hello", headers=headers) as answer,
    ):
        assert (answer.status, await answer.text()) == (200, "text=hello")


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        (b"Content-Length: %d" % (MAX_BODY + 1), b"", b"413"),
        (b"Content-Length: 10", b"drip", b"408"),
        (b"Content-Encoding: gzip\r\nContent-Length: 4", b"junk", b"400"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    url: str, head: bytes, body: bytes, status: bytes
) -> None:
    """Too large by its length, too slow, or not what it says."""
    assert (await first_line(url, head, body)).split()[1] == status


async def test_a_body_of_unknown_length_is_read_to_the_limit_only(url: str) -> None:
    """Chunked without end."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 4096

    async with aiohttp.ClientSession() as http, http.post(url, data=endless()) as answer:
        assert answer.status == 413
