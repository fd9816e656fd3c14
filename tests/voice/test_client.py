"""The client over real sockets: one POST, marked late, whatever the other side does."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from bot.domain.errors import VoiceError, VoiceRefused, VoiceSpokeNonsense, VoiceUnavailable
from bot.domain.outcome import NotSent, Placed
from bot.ports import BatchItem, PlaceBatch
from bot.voice.client import LateMark
from bot.voice.outcomes import MarkFailed
from tests.support.raw_server import (
    Behaviour,
    Line,
    RawServer,
    answers,
    closes,
    hangs,
    http,
    resets,
)
from tests.voice.kit import (
    ACCEPTED,
    API_KEY,
    CALL_ID,
    PHONE,
    QUICK,
    TOKEN,
    Mark,
    addresses,
    client,
    place,
    placed_at,
)

CERTIFICATE = Path(__file__).with_name("loopback.pem")
HTML = b"<html><body>It works!</body></html>"


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
