"""A network between two peers that breaks when it is told to.

It forwards HTTP to a target. `script` holds what goes wrong with the next requests, one
word each: pass, refuse (a connection that closes before anything is forwarded),
drop_after (forwarded, and the answer never comes back), hold (forwarded, the answer waits
for `release`), delay (waits for `release` before it is forwarded), lose (swallowed with a
200), twice (forwarded two times), or a status such as 503_after / 429_before, whose body says
`words`. `go_down` refuses every connection until `come_back`.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

HOP = {"connection", "transfer-encoding", "content-length", "host", "keep-alive"}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request that came by."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    fault: str


@dataclass(kw_only=True)
class FaultyLine:
    """A forwarding server on loopback."""

    target: str
    script: deque[str] = field(default_factory=deque)
    always: str = "pass"
    only: str = ""  # a method: faults are for those requests only
    words: str = ""  # what an answer of a faulty status says, as the voice service would
    seen: list[Seen] = field(default_factory=list)
    said: list[tuple[Seen, int]] = field(default_factory=list)  # the target's own answers
    held: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        self._released = asyncio.Event()
        self._http: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._http = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await self._listen(0)
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _listen(self, port: int) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, "127.0.0.1", port)
        await self._site.start()

    async def go_down(self) -> None:
        """From now on nobody listens here: connections are refused."""
        assert self._site is not None
        await self._site.stop()

    async def come_back(self) -> None:
        """Listen again, at the same address."""
        await self._listen(int(self.url.rpartition(":")[2]))

    async def close(self) -> None:
        """Stop; whatever is held is let go first."""
        self.release()
        if self._http:
            await self._http.close()
        if self._runner:
            await self._runner.cleanup()

    def release(self) -> None:
        """Let go of everything that is held, and hold nothing more."""
        self._released.set()

    def breaks(self, *faults: str) -> None:
        """What happens to the next requests, one after the other."""
        self._released = asyncio.Event()
        self.script.extend(faults)

    @property
    def posts(self) -> list[Seen]:
        """The POSTs that came by."""
        return [one for one in self.seen if one.method == "POST"]

    @property
    def accepted(self) -> list[Seen]:
        """The POSTs that the target said yes to, each as often as it did."""
        return [one for one, status in self.said if one.method == "POST" and status < 300]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        concerns = not self.only or request.method == self.only
        fault = (self.script.popleft() if self.script else self.always) if concerns else "pass"
        seen = Seen(
            method=request.method,
            path=request.path_qs,
            headers=dict(request.headers),
            body=body,
            fault=fault,
        )
        self.seen.append(seen)
        return await self._with_fault(request, seen)

    async def _with_fault(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        fault = seen.fault
        if fault == "delay":
            await self._hold()
        if fault == "refuse":
            return _hang_up(request)
        if fault == "lose":
            return web.Response(status=200)
        if fault.endswith("_before"):
            return self._faulty(fault)
        if fault == "twice":
            await self._forward(request, seen)
        return await self._answered(request, await self._forward(request, seen), fault)

    async def _answered(
        self, request: web.Request, answer: web.Response, fault: str
    ) -> web.StreamResponse:
        if fault == "hold":
            await self._hold()
        if fault == "drop_after":
            return _hang_up(request)
        return self._faulty(fault) if fault.endswith("_after") else answer

    def _faulty(self, fault: str) -> web.Response:
        """A status of the line's own."""
        body = json.dumps({"status": "error", "message": self.words}) if self.words else None
        return web.Response(status=int(fault[:3]), text=body, content_type="application/json")

    async def _hold(self) -> None:
        self.held += 1
        try:
            await self._released.wait()
        finally:
            self.held -= 1

    async def _forward(self, request: web.Request, seen: Seen) -> web.Response:
        assert self._http is not None
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP}
        url = f"{self.target.rstrip('/')}{request.rel_url}"
        async with self._http.request(
            request.method, url, data=seen.body, headers=headers, allow_redirects=False
        ) as answer:
            self.said.append((seen, answer.status))
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


def _hang_up(request: web.Request) -> web.Response:
    """Close the connection; the peer gets no answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
