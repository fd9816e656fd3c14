"""A voice service that misbehaves: bytes on a real socket, as bad as a test wants them.

A behaviour is an async function that gets the `Line` after the request has been read (or, for
`hangs_up_on_accept`, before). The server counts connections, requests and bytes.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """One request, as it stood on the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class Line:
    """One connection, seen from the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Write and let it leave."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End with RST in place of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def other_side_is_gone(self) -> None:
        """Wait until the client hangs up."""
        while await self.reader.read(1024):
            pass


Behaviour = Callable[[Line], Awaitable[None]]


class RawServer:
    """Listens on loopback; use it as `async with RawServer(answers(200, ...)) as server`."""

    def __init__(
        self,
        behaviour: Behaviour,
        *,
        on_accept: Behaviour | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._behaviour = behaviour
        self._on_accept = on_accept
        self._tls = tls
        self._lines: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.bytes_seen = 0
        self.requests: list[Received] = []

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        host, port = self._server.sockets[0].getsockname()
        return f"{'https' if self._tls else 'http'}://{host}:{port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        await self.all_hung_up()

    async def all_hung_up(self) -> None:
        """Wait until every connection so far is over: then the counts are final."""
        await asyncio.gather(*self._lines)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        self.connections += 1
        line = Line(reader, writer)
        try:
            await (self._on_accept or self._serve)(line)
        except OSError:
            pass  # the client went away: its right
        finally:
            writer.close()

    async def _serve(self, line: Line) -> None:
        received = await self._read_request(line.reader)
        if received is not None:
            self.requests.append(received)
            await self._behaviour(line)

    async def _read_request(self, reader: asyncio.StreamReader) -> Received | None:
        try:
            head = await self._counted(reader.readuntil(b"\r\n\r\n"))
            length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
            body = await self._counted(reader.readexactly(int(length[1]) if length else 0))
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, target, _version = first.split(" ")
        headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in lines)}
        return Received(method=method, target=target, headers=headers, body=body)

    async def _counted(self, reading: Awaitable[bytes]) -> bytes:
        """What is read, counted even if it breaks off."""
        try:
            data = await reading
        except asyncio.IncompleteReadError as cut:
            self.bytes_seen += len(cut.partial)
            raise
        self.bytes_seen += len(data)
        return data


def http(status: int, body: bytes = b"", **headers: str) -> bytes:
    """A whole answer; `retry_after="7"` becomes the header `retry-after: 7`."""
    lines = {"content-type": "application/json", "content-length": str(len(body))}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} -\r\n{head}\r\n".encode("latin-1") + body


def answers(status: int, body: object = None, **headers: str) -> Behaviour:
    """A proper answer: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return sends(http(status, b"" if status in {204, 304} else raw, **headers))


def sends(data: bytes) -> Behaviour:
    """These bytes, then a proper end (FIN)."""

    async def behave(line: Line) -> None:
        await line.send(data)

    return behave


def sends_then_resets(data: bytes) -> Behaviour:
    """These bytes, then RST."""

    async def behave(line: Line) -> None:
        await line.send(data)
        line.reset()

    return behave


async def resets(line: Line) -> None:
    """RST: at once, or after the request has been read."""
    line.reset()


async def closes(line: Line) -> None:
    """FIN without a word."""


async def hangs(line: Line) -> None:
    """Say nothing until the client hangs up."""
    await line.other_side_is_gone()


def drips(head: bytes) -> Behaviour:
    """The head, then a byte at a time for ever: no single read takes long."""

    async def behave(line: Line) -> None:
        await line.send(head)
        gone = asyncio.ensure_future(line.other_side_is_gone())
        while not gone.done():
            await line.send(b" ")
            await asyncio.wait({gone}, timeout=0.01)

    return behave
