"""The voice service's own requests: events and key presses, at addresses only it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from aiohttp import web

from bot.domain.errors import StoreUnavailable, UntrustedWebhook
from bot.domain.voice_event import VoiceEvent
from bot.services.record_event import RecordEvent

log = structlog.get_logger(__name__)

BODY_LIMIT = 64 * 1024
BODY_SECONDS = 5.0

ReadToken = Callable[[str], bytes]
ParseEvent = Callable[[bytes], VoiceEvent | None]
ParseKeypress = Callable[[bytes, str], VoiceEvent | None]


class VoiceWebhooks:
    """`POST /voice/events/{token}` and `POST /voice/keys/{token}/{digit}` (design.md 3.3)."""

    def __init__(
        self,
        *,
        record: RecordEvent,
        read_token: ReadToken,
        parse_event: ParseEvent,
        parse_keypress: ParseKeypress,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        """`read_token` raises UntrustedWebhook; the parsers return None for junk."""
        self._record = record
        self._read_token = read_token
        self._parse_event = parse_event
        self._parse_keypress = parse_keypress
        self._body_seconds = body_seconds

    def routes(self) -> list[web.RouteDef]:
        """Where they are reached."""
        return [
            web.post("/voice/events/{token}", self.event),
            web.post("/voice/keys/{token}/{digit}", self.keypress),
        ]

    async def event(self, request: web.Request) -> web.Response:
        """Something happened on the line: stored and applied before the 200."""
        return await self._take(request, self._parse_event)

    async def keypress(self, request: web.Request) -> web.Response:
        """The callee pressed a key whose action is ours."""
        digit = request.match_info["digit"]
        return await self._take(request, lambda body: self._parse_keypress(body, digit))

    async def _take(self, request: web.Request, parse: ParseEvent) -> web.Response:
        try:
            token = self._read_token(request.match_info["token"])
            event = parse(await self._body(request))
        except UntrustedWebhook:
            return web.Response(status=404)
        except _Unreadable as unreadable:
            return web.Response(status=unreadable.status)
        return web.Response(status=400 if event is None else await self._save(token, event))

    async def _save(self, token: bytes, event: VoiceEvent) -> int:
        """The status to answer with, once the event is durable."""
        try:
            known = await self._record.record(token, event)
        except StoreUnavailable:
            # not saved: ask for another delivery instead of claiming that we have it
            return 503
        if not known:
            log.info("event.of_forgotten_call")
        return 200

    async def _body(self, request: web.Request) -> bytes:
        if (request.content_length or 0) > BODY_LIMIT:
            raise _Unreadable(413)
        parts = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                async for chunk in request.content.iter_any():
                    parts += chunk
                    if len(parts) > BODY_LIMIT:
                        raise _Unreadable(413)
        except TimeoutError:
            raise _Unreadable(408) from None
        except web.RequestPayloadError:
            # chunks or gzip that are neither
            raise _Unreadable(400) from None
        return bytes(parts)


class _Unreadable(Exception):
    """No body we take; `status` is the answer."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(status)
