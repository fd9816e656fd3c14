"""A client of the embedded voice service, and a receiver of its webhooks, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from aiohttp import web

from bot.sandbox.clock import PushedClock
from bot.sandbox.voice_api import RunningServer

TEN = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)  # as in the contract's examples
LISTENER = "+14155550199"  # no number of the table: listens and hangs up
KEYS = {
    "enabled": True,
    "timeout": 10,
    "max_digits": 1,
    "actions": {
        "1": {"action": "webhook", "url": "http://127.0.0.1:1/1", "response_message": "Thank you!"},
        "2": {"action": "webhook", "url": "http://127.0.0.1:1/2"},
    },
}


def seconds(count: int) -> str:
    """The moment that many seconds after TEN, as the contract writes it."""
    return datetime.fromtimestamp(TEN.timestamp() + count, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass(kw_only=True)
class VoiceApi:
    """Speaks to one embedded service as a customer, and as the person with the phones."""

    session: aiohttp.ClientSession
    server: RunningServer
    clock: PushedClock
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": "Bearer K"})

    async def request(self, method: str, path: str, **kwargs: Any) -> Answer:
        url = path if path.startswith("http") else f"{self.server.api_url}{path}"
        headers = kwargs.pop("headers", self.headers)
        async with self.session.request(method, url, headers=headers, **kwargs) as answer:
            body = await answer.json() if "json" in answer.content_type else await answer.text()
            return Answer(status=answer.status, body=body, headers=answer.headers)

    async def post(self, body: object, path: str = "/call") -> Answer:
        return await self.request("POST", path, json=body)

    async def place(self, number: str = LISTENER, **parameters: Any) -> str:
        """Place a call that must be accepted; its call_id."""
        if "audio_url" not in parameters:
            parameters.setdefault("message", "Your table is ready, see you soon.")
        answer = await self.post({"phone_number": number, **parameters})
        assert answer.status == 200, answer.body
        return str(answer.body["call_id"])

    async def get(self, call_id: str) -> dict[str, Any]:
        answer = await self.request("GET", f"/call/{call_id}")
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.body
        return body

    async def cancel(self, call_id: str) -> Answer:
        return await self.request("DELETE", f"/call/{call_id}")

    async def control(self, method: str, path: str, **kwargs: Any) -> Answer:
        return await self.request(method, f"{self.server.control_url}{path}", **kwargs)

    async def pass_time(self, seconds: float) -> None:
        """Push the clock, and let everything that is on its way arrive."""
        await self.clock.advance(seconds)
        await self.server.service.settle()

    def heard(self, call_id: str) -> list[str]:
        """What came out of the phone, in order."""
        return [item.text for item in self.server.service.get(call_id).heard]


class Receiver:
    """A web server that keeps what is posted to it; `answers` are its next status codes."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.held = asyncio.Event()  # while cleared, nobody gets an answer
        self.held.set()
        self.url = ""
        self._news = asyncio.Condition()
        self._app = web.Application()
        self._app.router.add_post("/{path:.*}", self._take)
        self._runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=0.1)

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        self.held.set()
        await self._runner.cleanup()

    async def received(self, event: str, count: int = 1) -> None:
        """Wait until that many of these events have come."""
        async with asyncio.timeout(20), self._news:
            await self._news.wait_for(lambda: self.events.count(event) >= count)

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [body for _, body in self.posted]

    @property
    def events(self) -> list[str]:
        """The names of the webhook events, in order; a keypad action is `action`."""
        return [str(body.get("event", "action")).removeprefix("robo_call.") for body in self.bodies]

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.json()
        async with self._news:
            self.posted.append((request.path, body))
            self._news.notify_all()
        await self.held.wait()
        status = self.answers.pop(0) if self.answers else 200
        location = {"Location": f"{self.url}/elsewhere"} if status // 100 == 3 else None
        return web.Response(status=status, headers=location)
