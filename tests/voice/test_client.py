"""The client over real sockets: one POST, marked late, whatever the other side does."""

from __future__ import annotations

import asyncio
import gzip
import logging
import ssl
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import VoiceError, VoiceRefused, VoiceSpokeNonsense, VoiceUnavailable
from bot.domain.outcome import NotSent, Placed, PlaceOutcome, Rejected, Unknown
from bot.ports import BatchItem, PlaceBatch
from bot.voice.client import LateMark
from bot.voice.outcomes import MarkFailed
from tests.support.raw_server import (
    Behaviour,
    Line,
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
    API_KEY,
    PATIENT,
    PHONE,
    QUICK,
    TOKEN,
    Mark,
    addresses,
    client,
    place,
)

CERTIFICATE = Path(__file__).with_name("loopback.pem")
CALL_ID = "robo_abc123def456"
HTML = b"<html><body>It works!</body></html>"
ACCEPTED_BYTES = b'{"status": "success", "call_id": "robo_abc123def456"}'


async def placed_at(server: RawServer, mark: Mark | None = None, **changes: Any) -> PlaceOutcome:
    """Place one plain call there."""
    async with client(server.url, **changes) as voice:
        return await voice.place_call(place(), mark or Mark())


# --- what goes over the wire -----------------------------------------------------------


async def test_a_call_is_placed_and_named() -> None:
    """One POST, with the key, on a connection of its own."""
    async with RawServer(answers(200, ACCEPTED)) as server:
        outcome = await placed_at(server)

    assert outcome == Placed(voice_call_id=CALL_ID, message="Call queued")
    (received,) = server.requests
    assert (received.method, received.target) == ("POST", "/call")
    assert received.headers["authorization"] == f"Bearer {API_KEY}"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["accept-encoding"] == "identity"
    assert received.headers["connection"] == "close"
    assert received.json() == {
        "phone_number": PHONE,
        "message": "Hello",
        "callback_url": addresses().events_url(TOKEN),
        "retry_count": 0,
    }


async def test_the_base_url_may_have_a_path_and_a_slash() -> None:
    """As it stands in the settings."""
    async with (
        RawServer(answers(200, ACCEPTED)) as server,
        client(server.url + "/api/v1/voice-bot/") as voice,
    ):
        await voice.place_call(place(), Mark())

    assert server.requests[0].target == "/api/v1/voice-bot/call"


async def test_no_connection_is_used_twice() -> None:
    """A kept connection may be closed as we send: nobody could tell what arrived (V19)."""
    async with RawServer(answers(200, ACCEPTED)) as server, client(server.url) as voice:
        for _ in range(3):
            await voice.place_call(place(), Mark())

    assert (server.connections, len(server.requests)) == (3, 3)


async def test_a_batch_goes_out_once_and_comes_back_by_number() -> None:
    """POST /call/batch."""
    items = [BatchItem(phone_number=PHONE, message="Hi")]
    listed = [{"call_id": CALL_ID, "phone_number": PHONE, "status": "queued"}]
    mark = Mark()
    async with (
        RawServer(answers(200, {"status": "success", "calls": listed})) as server,
        client(server.url) as voice,
    ):
        outcome = await voice.place_batch(PlaceBatch(items=items, token=TOKEN), mark)

    assert outcome == {PHONE: Placed(voice_call_id=CALL_ID)}
    (received,) = server.requests
    assert (received.method, received.target, mark.times) == ("POST", "/call/batch", 1)
    assert received.json()["calls"] == [{"phone_number": PHONE, "message": "Hi"}]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_no_proxy_of_the_environment_is_asked(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mark would be set when the proxy is asked; and a proxy may send twice (V31)."""
    async with RawServer(answers(200, ACCEPTED)) as proxy:
        monkeypatch.setenv(name, proxy.url)
        async with RawServer(answers(200, ACCEPTED)) as server:
            assert isinstance(await placed_at(server), Placed)

    assert (proxy.connections, len(server.requests)) == (0, 1)


# --- the late mark ---------------------------------------------------------------------


async def test_the_mark_is_set_once_after_the_connection_and_before_the_first_byte() -> None:
    """3.2 step 5: as late as possible, yet before anything leaves."""
    seen: list[tuple[int, int]] = []
    is_connected = asyncio.Event()

    async def read_bytes(line: Line) -> None:
        is_connected.set()
        await server._serve(line)

    async def mark() -> None:
        await asyncio.wait_for(is_connected.wait(), 5)
        await asyncio.sleep(0)
        seen.append((server.connections, server.bytes_seen))

    async with (
        RawServer(answers(200, ACCEPTED), on_accept=read_bytes) as server,
        client(server.url) as voice,
    ):
        outcome = await voice.place_call(place(), mark)

    assert isinstance(outcome, Placed)
    assert seen == [(1, 0)]


async def test_no_byte_leaves_if_the_mark_cannot_be_set() -> None:
    """Disk full: the call is surely not made, and it says why (D3)."""
    mark = Mark(error=OSError("the database cannot take writes now"))
    async with RawServer(answers(200, ACCEPTED)) as server:
        outcome = await placed_at(server, mark)

    assert outcome == NotSent(reason="the database cannot take writes now")
    assert (mark.times, server.bytes_seen, server.requests) == (1, 0, [])


async def test_a_mark_that_fails_without_words_still_has_a_reason() -> None:
    """A person reads it."""
    async with RawServer(answers(200, ACCEPTED)) as server:
        outcome = await placed_at(server, Mark(error=TimeoutError()))

    assert outcome == NotSent(reason="the start of the call could not be saved")


async def test_a_mark_that_takes_too_long_is_not_sent() -> None:
    """The deadline cuts it before any byte has left."""

    async def mark() -> None:
        await asyncio.Event().wait()

    async with (
        RawServer(answers(200, ACCEPTED)) as server,
        client(server.url, timeouts=QUICK) as voice,
    ):
        outcome = await voice.place_call(place(), mark)

    assert isinstance(outcome, NotSent)
    assert server.bytes_seen == 0


async def test_a_second_sending_of_one_request_is_stopped() -> None:
    """Should httpx ever send again by itself, it fails before the first byte."""
    mark = Mark()
    late = LateMark(mark)
    await late.trace("http11.send_request_headers.started", {})

    with pytest.raises(MarkFailed):
        await late.trace("http11.send_request_headers.started", {})

    assert mark.times == 1


# --- over TLS --------------------------------------------------------------------------


def server_tls() -> ssl.SSLContext:
    """The server's side, with the certificate of the tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


async def test_the_mark_holds_over_tls() -> None:
    """It is set after the handshake, by the same step of httpcore."""
    mark = Mark()
    trusting = ssl.create_default_context(cafile=CERTIFICATE)
    async with RawServer(answers(200, ACCEPTED), tls=server_tls()) as server:
        outcome = await placed_at(server, mark, tls=trusting)

    assert isinstance(outcome, Placed)
    assert (mark.times, len(server.requests)) == (1, 1)


async def test_an_untrusted_certificate_is_not_sent() -> None:
    """V1: the key is never shown to a stranger."""
    mark = Mark()
    async with RawServer(answers(200, ACCEPTED), tls=server_tls()) as server:
        outcome = await placed_at(server, mark, tls=None)

    assert outcome == NotSent(reason="the voice service cannot be reached")
    assert (mark.times, server.requests) == (0, [])


async def test_a_server_that_speaks_no_tls_is_not_sent() -> None:
    """The handshake fails before the mark."""

    async def answers_in_the_clear(line: Line) -> None:
        await line.reader.read(1)
        await line.send(http(400))

    mark = Mark()
    async with (
        RawServer(closes, on_accept=answers_in_the_clear) as server,
        client(server.url.replace("http:", "https:")) as voice,
    ):
        outcome = await voice.place_call(place(), mark)

    assert isinstance(outcome, NotSent)
    assert mark.times == 0


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


# --- looking up and cancelling ---------------------------------------------------------


async def test_a_call_is_looked_up() -> None:
    """GET /call/{id}, without a mark."""
    said = {"call_id": CALL_ID, "status": "completed", "call_result": "busy"}
    async with RawServer(answers(200, said)) as server, client(server.url) as voice:
        status = await voice.look_up(CALL_ID)

    assert (status.is_over, status.result) == (True, "busy")
    (received,) = server.requests
    assert (received.method, received.target, received.body) == ("GET", f"/call/{CALL_ID}", b"")


async def test_a_call_is_cancelled_in_the_services_words() -> None:
    """DELETE /call/{id}."""
    said = {"status": "success", "message": "Call cancelled", "call_id": CALL_ID}
    async with RawServer(answers(200, said)) as server, client(server.url) as voice:
        assert await voice.cancel(CALL_ID) == "Call cancelled"

    (received,) = server.requests
    assert (received.method, received.target) == ("DELETE", f"/call/{CALL_ID}")


@pytest.mark.parametrize("voice_call_id", ["", "../secret", "a/b", "a?b", "x" * 65])
async def test_an_id_that_cannot_be_is_never_asked_for(voice_call_id: str) -> None:
    """It would be another address."""
    async with RawServer(answers(200, {})) as server, client(server.url) as voice:
        for ask in (voice.look_up, voice.cancel):
            with pytest.raises(VoiceRefused, match="no such call"):
                await ask(voice_call_id)

    assert server.connections == 0


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (answers(404, {"error": "no such call"}), VoiceRefused),
        (answers(409, {"message": "already started"}), VoiceRefused),
        (answers(500, HTML), VoiceUnavailable),
        (answers(429, {}), VoiceUnavailable),
        (answers(302, b"", location="http://127.0.0.1:9/"), VoiceSpokeNonsense),
        (answers(200, HTML), VoiceSpokeNonsense),
        (answers(200, {"status": "queued", "call_id": "robo_other"}), VoiceSpokeNonsense),
        (closes, VoiceUnavailable),
        (resets, VoiceUnavailable),
        (hangs, VoiceUnavailable),
    ],
)
async def test_what_goes_wrong_in_asking_is_one_of_three(
    behaviour: Behaviour, error: type[VoiceError]
) -> None:
    """Ask again, give up, or they broke the contract."""
    async with RawServer(behaviour) as server, client(server.url, timeouts=QUICK) as voice:
        for ask in (voice.look_up, voice.cancel):
            with pytest.raises(VoiceError) as caught:
                await ask(CALL_ID)
            assert caught.type is error


async def test_a_status_without_a_state_is_nonsense() -> None:
    """An object, but not about how the call is."""
    async with RawServer(answers(200, {"call_id": CALL_ID})) as server, client(server.url) as voice:
        with pytest.raises(VoiceSpokeNonsense, match="how this call is"):
            await voice.look_up(CALL_ID)


# --- secrets ---------------------------------------------------------------------------


@pytest.fixture
def every_log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The root logger at its loudest, also for httpx and httpcore until a client says otherwise."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    with caplog.at_level(logging.DEBUG):
        yield caplog


def seen_in(error: BaseException) -> str:
    """All an exception could show, with whatever led to it."""
    chain = [error, error.__cause__, error.__context__]
    return " ".join(f"{each!r} {each!s} {vars(each)}" for each in chain if each is not None)


ECHO = {"error": f"key {API_KEY} may not call {PHONE}"}


@pytest.mark.parametrize(
    "behaviour",
    [
        answers(200, ACCEPTED | {"message": f"Calling {PHONE}"}),
        answers(401, ECHO, x_echo=API_KEY + PHONE, set_cookie=f"k={API_KEY}"),
        answers(302, ECHO, location=f"https://example.com/{API_KEY}/{PHONE}"),
        answers(200, ECHO | {"status": "error"}),
        sends(f"{API_KEY} {PHONE}\r\n\r\n".encode()),
        resets,
        hangs,
    ],
)
async def test_no_log_no_outcome_and_no_error_shows_the_key_or_a_number(
    behaviour: Behaviour, every_log: pytest.LogCaptureFixture
) -> None:
    """Even with every logger at DEBUG, and a service that repeats what it was told."""
    shown: list[str] = []
    async with RawServer(behaviour) as server, client(server.url, timeouts=QUICK) as voice:
        shown.append(repr(await voice.place_call(place(), Mark())))
        shown.append(repr(voice))
        for ask in (voice.look_up, voice.cancel):
            try:
                await ask(CALL_ID)
            except VoiceError as error:
                shown.append(seen_in(error))

    shown += [f"{record.getMessage()} {record.__dict__}" for record in every_log.records]
    text = " ".join(shown)
    assert API_KEY not in text
    assert PHONE[1:] not in text


@pytest.mark.parametrize("api_key", ["", "  ", "clé", "a\nb", "a\x00b"])
async def test_an_unusable_key_stops_the_start_without_being_shown(api_key: str) -> None:
    """httpx would show it in its own error, at the first call."""
    with pytest.raises(ValueError, match="printable ASCII") as caught:
        async with client("http://127.0.0.1:9", api_key=api_key):
            pass

    assert not api_key.strip() or api_key not in str(caught.value)


async def test_a_short_key_leaves_answers_as_they_are() -> None:
    """A toy key such as "robo" is part of ordinary words."""
    async with RawServer(answers(200, ACCEPTED)) as server:
        outcome = await placed_at(server, api_key="robo")

    assert outcome == Placed(voice_call_id=CALL_ID, message="Call queued")


async def test_a_client_can_be_made_with_its_defaults() -> None:
    """20 s in all, 5 s to connect, real jitter."""
    async with RawServer(answers(429, {}, retry_after="100")) as server:
        outcome = await placed_at(server, timeouts=None, tls=None)

    assert isinstance(outcome, Rejected)
