"""Everything that can go wrong on the line: one POST, one outcome, and nothing hidden."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta
from http import HTTPStatus

import pytest

from bot.domain.outcome import NotSent, Placed, Rejected, Unknown
from tests.support.raw_server import (
    Behaviour,
    RawServer,
    answers,
    closes,
    drips,
    hangs,
    http,
    resets,
    sends,
    sends_then_resets,
)
from tests.voice.kit import (
    ACCEPTED,
    PATIENT,
    QUICK,
    Mark,
    client,
    place,
    placed_at,
)

HTML = b"<html><body>It works!</body></html>"
ACCEPTED_BYTES = b'{"status": "success", "call_id": "robo_abc123def456"}'


# --- what can go wrong -----------------------------------------------------------------


async def test_a_refused_connection_is_not_sent() -> None:
    """V1: dial again after a while."""
    async with RawServer(closes) as server:
        url = server.url
    mark = Mark()

    async with client(url) as voice:
        outcome = await voice.place_call(place(), mark)

    assert outcome == NotSent(reason="the voice service cannot be reached")
    assert mark.times == 0


@pytest.mark.parametrize("url", ["", "voice.example.com", "ftp://127.0.0.1", "http://[", "http://"])
async def test_an_impossible_address_is_not_sent(url: str) -> None:
    """`robocall check` says what is wrong with it; here nothing may crash."""
    async with client(url) as voice:
        assert isinstance(await voice.place_call(place(), Mark()), NotSent)


async def test_a_connection_that_is_never_made_is_not_sent() -> None:
    """A TLS handshake nobody answers: the connect timeout ends it."""
    mark = Mark()
    timeouts = type(QUICK)(connect=timedelta(seconds=0.1), total=PATIENT.total)
    async with (
        RawServer(closes, on_accept=hangs) as server,
        client(server.url.replace("http:", "https:"), timeouts=timeouts) as voice,
    ):
        outcome = await voice.place_call(place(), mark)

    assert outcome == NotSent(reason="the voice service cannot be reached")
    assert mark.times == 0


LOST: dict[str, Behaviour] = {
    "closed without a word": closes,
    "reset after reading": resets,
    "reset within the head": sends_then_resets(b"HTTP/1.1 200 OK\r\ncontent-"),
    "reset within the body": sends_then_resets(http(200, b"x" * 100)[:-50]),
    "closed within the head": sends(b"HTTP/1.1 200 OK\r\n"),
    "truncated body": sends(http(200, ACCEPTED_BYTES, content_length="999")),
    "truncated chunks": sends(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"),
    "no HTTP": sends(b"220 smtp.example.com ESMTP\r\n"),
    "endless head": sends(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000),
    "HTML": answers(200, HTML),
    "empty body": answers(200, b""),
    "a list": answers(200, []),
    "no id": answers(200, {"status": "success"}),
    "id null": answers(200, ACCEPTED | {"call_id": None}),
    "id a number": answers(200, ACCEPTED | {"call_id": 7}),
    "id a path": answers(200, ACCEPTED | {"call_id": "../x"}),
    "id endless": answers(200, ACCEPTED | {"call_id": "x" * 10_000}),
    "more than 64 KiB": answers(200, ACCEPTED_BYTES + b" " * 64 * 1024),
    "gzip": answers(200, gzip.compress(ACCEPTED_BYTES), content_encoding="gzip"),
    "gzip bomb": answers(200, gzip.compress(bytes(10_000_000)), content_encoding="gzip"),
    "switching protocols": sends(b"HTTP/1.1 101 -\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"),
    "no content": answers(204),
}


@pytest.mark.parametrize("behaviour", LOST.values(), ids=LOST.keys())
async def test_a_lost_or_senseless_answer_is_unknown(behaviour: Behaviour) -> None:
    """V2-V4, V7-V9, V30: the phone may ring; one POST, and no second."""
    mark = Mark()
    async with RawServer(behaviour) as server:
        outcome = await placed_at(server, mark)

    assert isinstance(outcome, Unknown)
    assert (mark.times, server.connections, len(server.requests)) == (1, 1, 1)


async def test_a_reset_before_the_request_was_read_is_unknown_or_not_sent_never_placed() -> None:
    """V4: whether the mark was set decides; the exception is the same either way."""
    mark = Mark()
    async with RawServer(closes, on_accept=resets) as server:
        outcome = await placed_at(server, mark)

    assert isinstance(outcome, Unknown if mark.times else NotSent)
    assert server.connections == 1


SLOW: dict[str, Behaviour] = {
    "hangs": hangs,
    "drips a head": drips(b"HTTP/1.1 200 OK\r\nx: "),
    "drips a body": drips(b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n"),
    "informs for ever": drips(b"HTTP/1.1 102 -\r\n\r\nHTTP/1.1 103 -\r\nx: "),
}


@pytest.mark.parametrize("behaviour", SLOW.values(), ids=SLOW.keys())
async def test_a_deadline_ends_whatever_takes_too_long(behaviour: Behaviour) -> None:
    """V5, V6: no timeout of httpx holds a service that drips."""
    mark = Mark()
    async with RawServer(behaviour) as server:
        outcome = await placed_at(server, mark, timeouts=QUICK)

    assert outcome == Unknown(reason="the voice service did not answer in time")
    assert (mark.times, len(server.requests)) == (1, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_never_followed(status: int) -> None:
    """V10: the key must not reach another host."""
    async with (
        RawServer(answers(200, ACCEPTED)) as elsewhere,
        RawServer(answers(status, b"", location=elsewhere.url + "/call")) as server,
    ):
        outcome = await placed_at(server)

    assert isinstance(outcome, Unknown)
    assert (elsewhere.connections, len(server.requests)) == (0, 1)


async def test_informational_answers_are_passed_over() -> None:
    """The real one follows."""
    first = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n"
    async with RawServer(sends(first + http(200, ACCEPTED_BYTES))) as server:
        assert isinstance(await placed_at(server), Placed)


FINAL_STATUSES = sorted({s.value for s in HTTPStatus if s >= 200} | {299, 399, 499, 520, 599, 799})


@pytest.mark.parametrize("status", FINAL_STATUSES)
async def test_every_status_over_a_socket(status: int) -> None:
    """Each is one POST and one outcome; the table is asserted in test_outcomes."""
    mark = Mark()
    async with RawServer(answers(status, {"message": "Because"})) as server:
        outcome = await placed_at(server, mark)

    rejected = {400, 401, 402, 403, 404, 405, 413, 415, 422, 429}
    assert isinstance(outcome, Rejected if status in rejected else Unknown)
    assert (mark.times, len(server.requests)) == (1, 1)


async def test_a_429_says_how_long_to_wait() -> None:
    """The header comes through."""
    async with RawServer(answers(429, {}, retry_after="7")) as server:
        outcome = await placed_at(server)

    assert isinstance(outcome, Rejected)
    assert (outcome.pauses_all, outcome.retry_after) == (True, timedelta(seconds=7))


async def test_a_no_whose_words_are_lost_is_still_a_no() -> None:
    """The status line says enough."""
    cut = http(400, b"{}", content_length="999")
    async with RawServer(sends_then_resets(cut)) as server:
        outcome = await placed_at(server)

    assert outcome == Rejected(reason="the voice service answered 400", status=400)


async def test_cancelling_the_task_is_not_swallowed() -> None:
    """At shutdown the caller decides, not the client."""
    async with RawServer(hangs) as server, client(server.url) as voice:
        is_marked = asyncio.Event()

        async def mark() -> None:
            is_marked.set()

        dialling = asyncio.ensure_future(voice.place_call(place(), mark))
        await is_marked.wait()
        dialling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dialling


async def test_twenty_at_once_are_twenty_posts() -> None:
    """The pro plan's concurrency."""
    async with RawServer(answers(200, ACCEPTED)) as server, client(server.url) as voice:
        outcomes = await asyncio.gather(*(voice.place_call(place(), Mark()) for _ in range(20)))

    assert all(isinstance(outcome, Placed) for outcome in outcomes)
    assert len(server.requests) == 20
