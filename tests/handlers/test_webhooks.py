"""The doors for the voice service, over real HTTP: strangers are turned away before anything."""

from __future__ import annotations

import asyncio
import gzip
import json
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from bot.domain.call_state import CallState
from bot.domain.deployment import Deployment
from bot.ports import Transaction
from bot.services.record_event import RecordEvent
from bot.voice.callback import CallbackAddresses
from bot.voice.keypress import parse_keypress
from bot.voice.wire import parse_webhook
from handlers.webhooks import BODY_LIMIT, VoiceWebhooks
from storage.database import Database
from tests.storage.rows import SENDING, add_attempt
from tests.voice.kit import StandingClock

TOKEN = b"t" * 16
EVENT = {"event": "robo_call.answered", "call_id": "robo_1", "phone_number": "+14155550123"}


@dataclass(kw_only=True)
class Door:
    """The two routes, a database behind them, and what the database was asked."""

    store: Database
    addresses: CallbackAddresses
    http: aiohttp.ClientSession
    statements: list[str]
    url: str = ""
    told: list[str] = field(default_factory=list)

    def events_url(self, token: bytes = TOKEN) -> str:
        """Where the voice service reports what happens."""
        return self.addresses.events_url(token) or ""

    def key_url(self, digit: str, token: bytes = TOKEN) -> str:
        """Where it reports a key."""
        return self.addresses.key_url(token, digit) or ""

    async def post(self, url: str, body: object = EVENT, **more: Any) -> int:
        """The status of one POST; bytes as they are, anything else as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.http.post(url, data=data, **more) as answer:
            assert await answer.read() == b""
            return answer.status

    async def logged(self) -> list[tuple[str, str | None]]:
        """Name and digit of all that was kept about the attempt."""

        def work(tx: Transaction) -> list[tuple[str, str | None]]:
            attempt = tx.attempt_by_token(TOKEN)
            events = tx.events_of(attempt.call_id) if attempt else []
            return [(each.event, each.detail.get("digit")) for each in events]

        return await self.store.read(work)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    """Open, with one attempt under way, and little patience for slow bodies."""
    statements: list[str] = []
    store = await Database.open(tmp_path / "robocall.db", trace=statements.append)
    await store.write(dialing)
    runner, port = await listening(store)
    url = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as http:
        yield Door(
            store=store,
            addresses=addresses(url),
            http=http,
            statements=statements,
            url=url,
        )
    await runner.cleanup()
    await store.close()


def dialing(tx: Transaction) -> None:
    """A call whose attempt is under way."""
    attempt = add_attempt(tx, TOKEN, state=SENDING)
    tx.update_call(attempt.call_id, state=CallState.DIALING, attempt_id=attempt.id)


def addresses(url: str) -> CallbackAddresses:
    """What the voice service was told."""
    return CallbackAddresses(public_url=url, keys={"1": b"k" * 32}, current_kid="1")


async def listening(store: Database) -> tuple[web.AppRunner, int]:
    """Serve the routes on a free port."""
    record = RecordEvent(
        store=store,
        clock=StandingClock(),
        deployment=Deployment(),
        line_freed=lambda: None,
        messages_waiting=lambda: None,
        cancel_second=lambda call_id, voice_call_id: None,
        cancel_pending=lambda: None,
    )
    webhooks = VoiceWebhooks(
        record=record,
        read_token=addresses("http://127.0.0.1").read,
        parse_event=parse_webhook,
        parse_keypress=parse_keypress,
        body_seconds=0.1,
    )
    app = web.Application()
    app.add_routes(webhooks.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, lingering_time=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]


async def raw(door: Door, *pieces: bytes) -> bytes:
    """What comes back for these bytes, until the bot hangs up."""
    where = urlsplit(door.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.writelines(pieces)
        return await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()


async def test_an_event_is_durable_before_its_200(door: Door) -> None:
    """It is in the log when the answer comes, once, however often it is delivered."""
    assert await door.post(door.events_url()) == 200
    assert await door.logged() == [("answered", None)]
    assert await door.post(door.events_url()) == 200
    assert await door.logged() == [("answered", None)]


async def test_ten_thousand_forgeries_cost_no_look_into_the_database(door: Door) -> None:
    """W13: 404 for each of them, and not one statement; the true address still works."""
    before = len(door.statements)
    good = door.events_url().rpartition("/")[2]
    kid, token, mac = good.split(".")
    forged = [
        ".".join(parts)
        for _ in range(2_500)
        for parts in (
            (kid, secrets.token_urlsafe(16), mac),
            (kid, token, secrets.token_urlsafe(16)),
            (secrets.token_urlsafe(2), token, mac),
            (secrets.token_urlsafe(30),),
        )
    ]
    asked = [
        f"POST /voice/events/{each} HTTP/1.1\r\nHost: bot\r\nContent-Length: 0\r\n\r\n".encode()
        for each in forged
    ]
    asked[-1] = asked[-1].replace(b"Host: bot", b"Host: bot\r\nConnection: close")
    answers = await raw(door, *asked)
    assert answers.count(b"HTTP/1.1 404 Not Found") == 10_000
    assert len(door.statements) == before
    assert await door.post(door.events_url()) == 200
    assert len(door.statements) > before


@pytest.mark.parametrize(
    "path",
    [
        "/voice/events/",
        "/voice/events",
        "/voice/events/..%2f..%2fetc%2fpasswd",
        "/voice/events/%00",
        "/voice/events/%F0%9F%93%9E",
        "/voice/events/1.AAAA.BBBB",
        "/voice/keys/1.AAAA.BBBB/1",
        "/voice/",
        "/",
        "/.env",
    ],
)
async def test_any_other_path_is_not_there(door: Door, path: str) -> None:
    """Scanners learn nothing."""
    async with door.http.post(f"{door.url}{path}", json=EVENT) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
async def test_only_a_post_does_anything(door: Door, method: str) -> None:
    """W21: link previews and scanners have no effect, even with the true address."""
    for url in (door.events_url(), door.key_url("1")):
        async with door.http.request(method, url) as answer:
            assert answer.status in {404, 405}
    assert await door.logged() == []


async def test_a_large_body_is_refused_unread(door: Door) -> None:
    """W19: one byte more than 64 KiB by its length, before it is sent."""
    path = urlsplit(door.events_url()).path.encode()
    head = b"POST %b HTTP/1.1\r\nHost: bot\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    answer = await raw(door, head % (path, 100 * 1024 * 1024))
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_of_unknown_length_is_read_to_the_limit_only(door: Door) -> None:
    """Chunked without end: refused once there is more than 64 KiB of it."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 4096

    async with door.http.post(door.events_url(), data=endless()) as answer:
        assert answer.status == 413


async def test_a_zipped_bomb_is_refused(door: Door) -> None:
    """What is small on the wire and large in memory counts by what it becomes."""
    bomb = gzip.compress(b" " * 5_000_000)
    assert len(bomb) < BODY_LIMIT
    status = await door.post(door.events_url(), bomb, headers={"Content-Encoding": "gzip"})
    assert status == 413


async def test_the_largest_body_is_taken(door: Door) -> None:
    """Exactly 64 KiB is not too much."""
    body = json.dumps(EVENT).encode().ljust(BODY_LIMIT)
    assert await door.post(door.events_url(), body) == 200


async def test_a_dripping_body_is_cut(door: Door) -> None:
    """W19: a body that does not come in time holds nothing; others are served meanwhile."""
    path = urlsplit(door.events_url()).path.encode()
    head = b"POST %b HTTP/1.1\r\nHost: bot\r\nConnection: close\r\nContent-Length: 100\r\n\r\n{"
    slow = asyncio.ensure_future(raw(door, head % path))
    assert await door.post(door.events_url()) == 200
    assert (await slow).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe{}",
        b'{"event": "robo_call.answered\xc3"}',
        b"[]",
        b'"robo_call.answered"',
        b"null",
        b'{"duration": NaN}',
        b'{"event": "a", "event": "b"}',
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b"[" * 60_000,
        b'{"duration": ' + b"9" * 20_000 + b"}",
    ],
)
async def test_a_body_that_is_no_event_is_refused(door: Door, body: bytes) -> None:
    """W20: 400, nothing kept, and the next one is taken."""
    assert await door.post(door.events_url(), body) == 400
    assert await door.logged() == []
    assert await door.post(door.events_url()) == 200


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Transfer-Encoding: chunked", b"ZZ\r\n{}\r\n0\r\n\r\n"),
        (b"Content-Encoding: gzip\r\nContent-Length: 4", b"junk"),
    ],
)
async def test_a_body_that_is_no_http_is_a_400(door: Door, head: bytes, body: bytes) -> None:
    """Broken chunks and broken gzip are the sender's fault, not ours (a 500 would say so)."""
    path = urlsplit(door.events_url()).path.encode()
    first = b"POST %b HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n%b\r\n\r\n" % (path, head)
    assert b" 400 Bad Request\r\n" in (await raw(door, first, body)).splitlines(keepends=True)[0]
    assert await door.post(door.events_url()) == 200


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream", "x/y; a=b"])
async def test_the_content_type_does_not_matter(door: Door, content_type: str) -> None:
    """What is JSON is read as JSON (W20)."""
    headers = {"Content-Type": content_type}
    assert await door.post(door.events_url(), headers=headers) == 200
    assert await door.logged() == [("answered", None)]


@pytest.mark.parametrize("digit", ["1", "*", "#", "0", "D", "12"])
async def test_a_key_comes_by_its_own_address(door: Door, digit: str) -> None:
    """The address says which key; the body may say nothing at all."""
    assert await door.post(door.key_url(digit), b"") == 200
    assert ("key_pressed", digit) in await door.logged()


@pytest.mark.parametrize("digit", ["x", "%20", "1" * 33, "%3C!channel%3E", "%00", "٣"])
async def test_what_is_no_key_is_refused(door: Door, digit: str) -> None:
    """W17: the address is true, the key is not."""
    url = door.key_url("1")[:-1] + digit
    assert await door.post(url, b"{}") == 400
    assert await door.logged() == []


async def test_an_attempt_that_is_long_forgotten_is_answered_200(door: Door) -> None:
    """W24: the voice service need not try again, and nothing is made of it."""
    assert await door.post(door.events_url(b"f" * 16)) == 200
    assert await door.post(door.key_url("1", b"f" * 16)) == 200
    assert await door.store.read(lambda tx: tx.attempt_by_token(b"f" * 16)) is None


async def test_what_could_not_be_saved_is_asked_for_again(door: Door) -> None:
    """W12: 503, since a 200 would say that we have it."""
    await door.store.close()
    assert await door.post(door.events_url()) == 503
    assert await door.post(door.key_url("1")) == 503
