"""The Robo Voice Call API over HTTP: one request at a time, each sent once (fault-catalogue 3, 7).

A new connection for every request: on a kept one, the other side may hang up at the very
moment we send, and nobody knows whether the phone rings.
"""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from bot.domain.errors import VoiceRefused, VoiceSpokeNonsense
from bot.domain.outcome import PlaceOutcome
from bot.domain.voice_event import CallStatus
from bot.ports import Clock, MarkSending, PlaceBatch, PlaceCall
from bot.voice import json_values, wire
from bot.voice.callback import CallbackAddresses
from bot.voice.outcomes import (
    Answer,
    Exchange,
    MarkFailed,
    NoAnswer,
    batch_outcome,
    call_outcome,
    error_words,
    good_answer,
)

MAX_ANSWER_BYTES = 64 * 1024
SHORTEST_SECRET = 12
"""A shorter key is a toy, and might be part of an ordinary word of an answer."""

_HTTP_LOGGERS = ("httpx", "httpcore")
_HEADERS_LEAVE = "http11.send_request_headers.started"


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeouts:
    """How long we wait for a connection, and for the whole exchange."""

    connect: timedelta = timedelta(seconds=5)
    total: timedelta = timedelta(seconds=20)


class LateMark:
    """Sets the mark when the first byte is about to leave, as httpcore's trace tells us.

    If the mark fails, so does the request, and no byte leaves.
    """

    def __init__(self, mark_sending: MarkSending | None) -> None:
        """None for a request that may be sent twice without harm."""
        self._mark_sending = mark_sending
        self.is_set = False

    async def trace(self, event: str, _info: Mapping[str, object]) -> None:
        """Called by httpcore at every step of an exchange."""
        if event != _HEADERS_LEAVE or self._mark_sending is None:
            return
        if self.is_set:
            message = "a request is sent once"
            raise MarkFailed(message)
        try:
            await self._mark_sending()
        except Exception as error:
            reason = str(error) or "the start of the call could not be saved"
            raise MarkFailed(reason) from error
        self.is_set = True


class HttpVoiceService:
    """The VoiceService of bot.ports, spoken to at `base_url`."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        addresses: CallbackAddresses,
        clock: Clock,
        timeouts: Timeouts | None = None,
        tls: ssl.SSLContext | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`tls` None trusts the usual authorities. Raises ValueError for an unusable key."""
        if not api_key.isascii() or not api_key.isprintable() or not api_key.strip():
            message = "the API key of the voice service must be printable ASCII"
            raise ValueError(message)
        self._base_url = base_url.rstrip("/")
        self._api_key = api_key
        self._addresses = addresses
        self._clock = clock
        self._jitter = jitter
        self._timeouts = timeouts or Timeouts()
        self._http = _http_client(api_key, self._timeouts, tls)
        # They log whole addresses, and whatever the other side puts into its headers.
        for name in _HTTP_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)

    async def aclose(self) -> None:
        """Close what is still open; no request may be under way."""
        await self._http.aclose()

    async def place_call(self, call: PlaceCall, mark_sending: MarkSending) -> PlaceOutcome:
        """Ask it to ring one phone, once. Never raises for what the network does."""
        body = wire.call_body(call, self._addresses)
        exchange = await self._exchange("POST", wire.CALL_PATH, body, mark_sending)
        return call_outcome(exchange, now=self._clock.now(), jitter=self._jitter())

    async def place_batch(
        self, batch: PlaceBatch, mark_sending: MarkSending
    ) -> PlaceOutcome | Mapping[str, PlaceOutcome]:
        """Ask it to ring many, once: an outcome for all of them, or one per phone number."""
        body = wire.batch_body(batch, self._addresses)
        exchange = await self._exchange("POST", wire.BATCH_PATH, body, mark_sending)
        numbers = [item.phone_number for item in batch.items]
        return batch_outcome(exchange, numbers, now=self._clock.now(), jitter=self._jitter())

    async def look_up(self, voice_call_id: str) -> CallStatus:
        """How a call is. Raises VoiceError."""
        answer = await self._ask("GET", voice_call_id)
        status = wire.parse_status(answer.body or b"", voice_call_id)
        if status is None:
            raise VoiceSpokeNonsense("the voice service does not say how this call is")
        return status

    async def cancel(self, voice_call_id: str) -> str:
        """Cancel a call that has not started; its own words. Raises VoiceError."""
        said = (await self._ask("DELETE", voice_call_id)).said()
        if not wire.is_about(said, voice_call_id):
            raise VoiceSpokeNonsense("the voice service cancelled another call")
        return wire.acknowledgement(said)

    async def _ask(self, method: str, voice_call_id: str) -> Answer:
        """A 2xx with a JSON object; anything else is raised as a VoiceError."""
        if json_values.call_id(voice_call_id) is None:
            raise VoiceRefused(httpx.codes.NOT_FOUND, "the voice service knows no such call")
        # Raised only here, far from the error of httpx, which carries the request and our key.
        return good_answer(await self._exchange(method, wire.call_path(voice_call_id)))

    async def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        mark_sending: MarkSending | None = None,
    ) -> Exchange:
        """One request, sent once, with an end in time; only cancelling it raises."""
        mark = LateMark(mark_sending)
        try:
            async with (
                asyncio.timeout(self._timeouts.total.total_seconds()),
                self._http.stream(
                    method,
                    self._base_url + path,
                    content=body,
                    extensions={"trace": mark.trace},
                ) as response,
            ):
                return Answer(
                    status=response.status_code,
                    body=self._without_key(await _read(response)),
                    retry_after=response.headers.get("retry-after"),
                )
        except Exception as error:  # noqa: BLE001 - the mark decides what it means, not the type
            return NoAnswer(reason=error_words(error), may_have_arrived=mark.is_set)

    def _without_key(self, body: bytes | None) -> bytes | None:
        """An answer that repeats our key ("bad key: ...") must not carry it into the thread."""
        if body is None or len(self._api_key) < SHORTEST_SECRET:
            return body
        return body.replace(self._api_key.encode("ascii"), b"(key)")


def usual_authorities() -> ssl.SSLContext:
    """Trust in the authorities everybody trusts. Reading them takes 50 ms: not in an event loop."""
    return httpx.create_ssl_context(trust_env=False)


def _http_client(api_key: str, timeouts: Timeouts, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
    """httpx without anything that could send a request twice or elsewhere.

    No redirects, no kept connections, no retries, and no proxy from the environment: the mark
    would be set when the proxy is asked, and a proxy may send again.
    """
    total = timeouts.total.total_seconds()
    return httpx.AsyncClient(
        headers={
            "Authorization": f"Bearer {api_key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            "User-Agent": "robocall",
        },
        timeout=httpx.Timeout(total, connect=timeouts.connect.total_seconds()),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        verify=True if tls is None else tls,
        follow_redirects=False,
        trust_env=False,
        http2=False,
    )


async def _read(response: httpx.Response) -> bytes | None:
    """The body as it came over the wire; None if it broke off or is longer than we read.

    Raw, so that nothing is unpacked: a small answer cannot become a large one.
    """
    body = bytearray()
    try:
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                return None
    except httpx.HTTPError:
        return None
    return bytes(body)
