"""The peers a bot under load speaks to: a Slack that takes everything, a voice that hangs.

They cost next to nothing, so what is measured is the bot. Where the voice service must behave,
it is the embedded one.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.demo import free_port

_numbers = itertools.count(1)


async def _method(request: web.Request) -> web.Response:
    """Whatever is asked of Slack goes well."""
    asked = {**request.query, **await request.post()}
    user = {"id": str(asked.get("user", "U1")), "tz": "Europe/London", "locale": "en-GB"}
    return web.json_response(
        {
            "ok": True,
            "ts": f"1700000000.{next(_numbers):06d}",
            "channel": str(asked.get("channel", "C1")),
            "user": user,
            "messages": [],
        }
    )


@asynccontextmanager
async def a_slack() -> AsyncIterator[str]:
    """The base address of a Web API without limits."""
    app = web.Application()
    app.add_routes([web.route("*", "/api/{method}", _method)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/api/"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def a_hanging_voice() -> AsyncIterator[str]:
    """A voice service that takes every request and never answers one."""
    open_lines: set[asyncio.StreamWriter] = set()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_lines.add(writer)
        while await reader.read(65536):
            pass
        writer.close()
        open_lines.discard(writer)

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/api/v1/voice-bot"
    finally:
        server.close()
        for writer in list(open_lines):
            writer.close()
