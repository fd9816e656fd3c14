"""A light load generator: kept HTTP/1.1 connections, one request at a time on each.

An ordinary client costs more than the servers it is to measure; this one reads no more of an
answer than its status and its length.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from typing_extensions import override

Answer = tuple[int, bytes]
"""The status and the body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """What one run saw; latencies in milliseconds, sorted."""

    latencies: list[float]
    seconds: float
    bodies: list[bytes]

    @property
    def p50(self) -> float:
        """Half of the requests were faster, in milliseconds."""
        return statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        """All but one in a hundred were faster, in milliseconds."""
        return self.latencies[int(0.99 * (len(self.latencies) - 1))]

    @property
    def rate(self) -> float:
        """Requests per second."""
        return len(self.latencies) / self.seconds


class _Connection(asyncio.Protocol):
    """One kept connection."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._received = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._received = b""
        if self._answer and not self._answer.done():
            self._answer.set_result((int(head[9:12]), body))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server hung up"))

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a request; its answer."""
        assert self._transport
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()


def _length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def post(path: str, body: bytes, content_type: str, headers: str = "") -> bytes:
    """The bytes of a POST; `headers` are whole lines, each with its line end."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"{headers}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def press(
    url: str, scripts: Iterable[Iterable[bytes]], *, connections: int, seconds: float
) -> Load:
    """Send for `seconds`, or until `scripts` end; raises AssertionError unless all is 200.

    A script is a number of requests that one connection sends in their order.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 80
    loop = asyncio.get_running_loop()
    lines = [(await loop.create_connection(_Connection, host, port))[1] for _ in range(connections)]
    shared = iter(scripts)
    load = Load(latencies=[], seconds=0.0, bodies=[])
    begun = time.perf_counter()
    try:
        users = (_use(line, shared, begun + seconds, load) for line in lines)
        await asyncio.gather(*users)
    finally:
        for line in lines:
            line.close()
    took = time.perf_counter() - begun
    return Load(latencies=sorted(load.latencies), seconds=took, bodies=load.bodies)


async def _use(
    line: _Connection,
    scripts: Iterator[Iterable[bytes]],
    until: float,
    load: Load,
) -> None:
    for script in scripts:
        for request in script:
            sent = time.perf_counter()
            status, body = await line.ask(request)
            load.latencies.append((time.perf_counter() - sent) * 1000)
            load.bodies.append(body)
            assert status == 200, f"answered {status}"
        if time.perf_counter() > until:
            return
