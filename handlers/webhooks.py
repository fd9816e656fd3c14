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
    ) -> None:
        """`read_token` raises UntrustedWebhook; the parsers return None for junk."""
        self._record = record
        self._read_token = read_token
        self._parse_event = parse_event
        self._parse_keypress = parse_keypress

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
        except UntrustedWebhook:
            return web.Response(status=404)
        try:
            body = await _read(request)
        except TimeoutError:
            return web.Response(status=408)
        if body is None:
            return web.Response(status=413)
        event = parse(body)
        if event is None:
            return web.Response(status=400)
        try:
            known = await self._record.record(token, event)
        except StoreUnavailable:
            # not saved: ask for another delivery instead of claiming that we have it
            return web.Response(status=503)
        if not known:
            log.info("event.of_forgotten_call")
        return web.Response(status=200)


async def _read(request: web.Request) -> bytes | None:
    """The body, or None if it is larger than we take; raises TimeoutError for a drip."""
    if (request.content_length or 0) > BODY_LIMIT:
        return None
    parts = bytearray()
    async with asyncio.timeout(BODY_SECONDS):
        async for chunk in request.content.iter_any():
            parts += chunk
            if len(parts) > BODY_LIMIT:
                return None
    return bytes(parts)
