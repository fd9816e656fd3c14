"""The bare servers the bot is measured beside: `python -m bench.limits NAME PORT DATABASE SLACK`.

They do as little as the job can be done with, so they are what is possible at all: no call, no
state, no thread, nothing looked up.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bench.child import SIGNING_SECRET
from bot.running import tune_garbage_collector


def bolt(database: Path, slack_url: str) -> web.Application:
    """A bare Bolt app: one durable commit in its handler, then the acknowledgement."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    connection.execute("create table commands (id integer primary key, text text)")
    app = AsyncApp(
        client=AsyncWebClient(token="xoxb-benchmark", base_url=slack_url),  # noqa: S106 - opens nothing
        signing_secret=SIGNING_SECRET,
        process_before_response=True,
    )

    @app.command("/robocall")
    async def _store(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        connection.execute("insert into commands (text) values (?)", (body["text"],))
        await ack(text="Calling.")

    async def deliver(request: web.Request) -> web.Response:
        response = await app.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(response)

    return _serving(web.post("/slack/events", deliver))


def json_only(_: Path, __: str) -> web.Application:
    """A bare handler that parses the JSON and stores nothing."""

    async def take(request: web.Request) -> web.Response:
        await request.json()
        return web.Response()

    return _serving(web.post("/voice/events/{token}", take))


def _serving(route: web.RouteDef) -> web.Application:
    async def alive(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.add_routes([route, web.get("/healthz", alive)])
    return app


LIMITS = {"bolt": bolt, "json": json_only}


async def serve(name: str, port: int, database: Path, slack_url: str) -> None:
    """Serve until ended."""
    runner = web.AppRunner(LIMITS[name](database, slack_url), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    tune_garbage_collector()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.disable()
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))
