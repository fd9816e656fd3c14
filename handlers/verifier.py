"""In front of Bolt in HTTP mode: junk from strangers is a 401, never a stack trace.

Bolt answers a timestamp that is no number, or a signature that is not ASCII, with an
unhandled exception (slack-facts 1.3), and logs the body of what it refuses. So the
signature is checked here, and Bolt sees only what is Slack's.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier
from typing_extensions import override

from bot.ports import Clock

MAX_BODY = 1024 * 1024
BODY_SECONDS = 5.0
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}", re.ASCII)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _OurClock(SlackClock):
    """The bot's clock, for Slack's own verifier."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @override
    def now(self) -> float:
        return self._clock.now().timestamp()


class SlackVerifier:
    """Checks that a request is Slack's and not older than five minutes."""

    def __init__(
        self, *, signing_secret: str, clock: Clock, body_seconds: float = BODY_SECONDS
    ) -> None:
        """`body_seconds`: how long a body may take to come."""
        self._body_seconds = body_seconds
        self._verifier = SignatureVerifier(signing_secret, clock=_OurClock(clock))

    def is_slacks(self, *, body: bytes, timestamp: str, signature: str) -> bool:
        """Whether Slack signed this; never raises, whatever a stranger sends."""
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            return False
        try:
            text = body.decode()
        except UnicodeDecodeError:
            return False
        return self._verifier.is_valid(body=text, timestamp=timestamp, signature=signature)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what is not Slack's with 401, without a word about it in the log."""
        if not request.path.startswith("/slack/"):
            return await handler(request)
        if (request.content_length or 0) > MAX_BODY:
            return web.Response(status=413)
        try:
            async with asyncio.timeout(self._body_seconds):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        except web.RequestPayloadError:
            return web.Response(status=400)
        is_slacks = self.is_slacks(
            body=body,
            timestamp=request.headers.get("X-Slack-Request-Timestamp", ""),
            signature=request.headers.get("X-Slack-Signature", ""),
        )
        return await handler(request) if is_slacks else web.Response(status=401)
