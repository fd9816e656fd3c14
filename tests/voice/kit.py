"""What the tests of the voice client share: a request, a client with short deadlines, a mark."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings

from bot.domain.call import CallRequest
from bot.domain.outcome import PlaceOutcome
from bot.ports import PlaceCall
from bot.voice.callback import CallbackAddresses
from bot.voice.client import HttpVoiceService, Timeouts
from tests.support.raw_server import RawServer

NOW = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
CALL_ID = "robo_abc123def456"
API_KEY = "canary-key-5f1c0d9e8b7a"
PHONE = "+14155550123"
TOKEN = bytes(range(16))
ACCEPTED = {"status": "success", "call_id": CALL_ID, "message": "Call queued"}
TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
QUICK = Timeouts(connect=timedelta(seconds=2), total=timedelta(seconds=0.3))
PATIENT = Timeouts(connect=timedelta(seconds=5), total=timedelta(seconds=20))

# Random input, without a limit of time per case: the machine may be busy.
FUZZ = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


class StandingClock:
    """Time stands still at NOW."""

    def now(self) -> datetime:
        return NOW

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Mark:
    """A late mark that counts; `error` is raised in place of setting it."""

    def __init__(self, error: Exception | None = None) -> None:
        self.times = 0
        self._error = error

    async def __call__(self) -> None:
        self.times += 1
        if self._error:
            raise self._error


def addresses(public_url: str | None = "https://bot.example.com") -> CallbackAddresses:
    """Addresses of a bot that can be reached."""
    return CallbackAddresses(public_url=public_url, keys={"a": b"k" * 32}, current_kid="a")


def request(**changes: Any) -> CallRequest:
    """A plain call, with changes."""
    given: dict[str, Any] = {
        "phone_number": PHONE,
        "requested_by": "U1",
        "channel": "C1",
        "message": "Hello",
    }
    return CallRequest(**(given | changes))


def place(**changes: Any) -> PlaceCall:
    """A POST of a plain call, with changes to it (not to its request)."""
    given: dict[str, Any] = {"request": request(), "token": TOKEN}
    return PlaceCall(**(given | changes))


@asynccontextmanager
async def client(base_url: str, **changes: Any) -> AsyncIterator[HttpVoiceService]:
    """A client of `base_url`, without jitter; over TLS it trusts nobody, which is quick."""
    given: dict[str, Any] = {
        "api_key": API_KEY,
        "addresses": addresses(),
        "clock": StandingClock(),
        "timeouts": PATIENT,
        "jitter": lambda: 0.0,
        "tls": TRUSTS_NOBODY,
    }
    service = HttpVoiceService(base_url=base_url, **(given | changes))
    try:
        yield service
    finally:
        await service.aclose()


async def placed_at(server: RawServer, mark: Mark | None = None, **changes: Any) -> PlaceOutcome:
    """Place one plain call there."""
    async with client(server.url, **changes) as voice:
        return await voice.place_call(place(), mark or Mark())
