"""A small real Bolt app for the tests: it does what it is told, and remembers what came."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import SlackServer

logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
Body = dict[str, Any]


@dataclass(kw_only=True)
class EchoApp:
    """Answers commands with `answer`, submits with `submit_answer`; `silent` acks nothing.

    `heard` has every payload; `retries` the retry headers of every event.
    """

    slack: SlackServer
    app: AsyncApp
    client: AsyncWebClient
    answer: Body = field(default_factory=dict)
    submit_answer: Body = field(default_factory=dict)
    view: Body | None = None
    is_silent: bool = False
    fails_events: int = 0
    heard: list[Body] = field(default_factory=list)
    retries: list[list[str]] = field(default_factory=list)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    handler: AsyncSocketModeHandler | None = None

    async def connect(self, slack: SlackServer) -> None:
        """Open the websocket."""
        client = AsyncWebClient(base_url=slack.api_url, retry_handlers=[])
        self.handler = AsyncSocketModeHandler(self.app, slack.app_token, web_client=client)
        await self.handler.connect_async()  # type: ignore[no-untyped-call] # Bolt's
        await slack.workspace.until(lambda: slack.sockets.connection_count)

    async def aclose(self) -> None:
        """Let what is silent go, then close the websocket."""
        self.released.set()
        if self.handler is not None:
            await self.handler.close_async()  # type: ignore[no-untyped-call] # Bolt's
            # The SDK cancels its tasks and does not wait for them.
            await asyncio.sleep(0)

    def _hear(self, body: Body) -> None:
        self.heard.append(body)
        self.slack.workspace.changed()  # wakes a test that waits for it

    async def on_command(self, ack: AsyncAck, body: Body) -> None:
        self._hear(body)
        if self.is_silent:
            await self.released.wait()
        if self.view is not None:
            await self.client.views_open(trigger_id=body["trigger_id"], view=self.view)
        await ack(**self.answer)

    async def on_interaction(self, ack: AsyncAck, body: Body) -> None:
        self._hear(body)
        if self.is_silent:
            await self.released.wait()
        await ack()

    async def on_submit(self, ack: AsyncAck, body: Body) -> None:
        self._hear(body)
        if self.is_silent:
            await self.released.wait()
        await ack(**self.submit_answer)

    async def on_event(self, body: Body, request: Any) -> None:
        self.retries.append(request.headers.get("x-slack-retry-num", []))
        self._hear(body)
        if self.fails_events:
            self.fails_events -= 1
            raise RuntimeError


def build(slack: SlackServer) -> EchoApp:
    """The app, wired and not yet connected."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    echo = EchoApp(slack=slack, app=app, client=client)
    anything = re.compile(".*")
    app.command(anything)(echo.on_command)
    app.action(anything)(echo.on_interaction)
    app.shortcut(anything)(echo.on_interaction)
    app.view(anything)(echo.on_submit)
    app.view_closed(anything)(echo.on_interaction)
    app.event(anything)(echo.on_event)
    return echo
