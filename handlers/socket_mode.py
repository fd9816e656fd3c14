"""Socket Mode, kept alive: bounded connecting, and a watchdog for dead tickets.

Bolt's own `start_async` stays disconnected for ever after two outages, since it tries the
same dead address again and again (slack-facts 1.5); forgetting the address makes it ask
Slack for a new one.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.troubles import SlackTrouble, asked

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 30.0
LOOK_EVERY = 5.0
PING_EVERY = 10.0
PATIENCE = 30.0
FATAL = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "not_allowed_token_type"}
)


class SlackRefusedToken(Exception):
    """Slack does not know the token; waiting will not help. The message is for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Slack does not accept the token ({reason}). `robocall check` says more.")


class SocketMode:
    """One connection to Slack."""

    def __init__(
        self,
        *,
        app: AsyncApp,
        app_token: str,
        client: AsyncWebClient,
        patience: float = PATIENCE,
        look_every: float = LOOK_EVERY,
        ping_every: float = PING_EVERY,
    ) -> None:
        """Must be made inside a running event loop. Times in seconds, given by tests."""
        self._app_token = app_token
        self._web = client
        self._handler = AsyncSocketModeHandler(
            app, app_token, web_client=client, ping_interval=ping_every
        )
        self._patience = patience
        self._look_every = look_every

    async def connect(self) -> None:
        """Connect, and keep trying while Slack cannot be reached.

        Raises SlackRefusedToken: with a token Slack does not know Bolt would loop silently.
        """
        within = timedelta(seconds=CONNECT_SECONDS)
        while True:
            try:
                ticket = self._web.apps_connections_open(app_token=self._app_token)
                await asked(ticket, deadline=within)
                await asked(self._handler.connect_async(), deadline=within)  # type: ignore[no-untyped-call]
            except SlackTrouble as trouble:
                if trouble.error in FATAL:
                    raise SlackRefusedToken(trouble.error) from None
                log.warning("slack.not_connected", error=trouble.error)
            else:
                return
            self._handler.client.wss_uri = None
            await asyncio.sleep(self._look_every)

    async def watch(self) -> None:
        """For ever: after too long without a connection, ask for a new address."""
        missing = 0.0
        while True:
            await asyncio.sleep(self._look_every)
            missing = 0.0 if await self.is_connected() else missing + self._look_every
            if missing >= self._patience:
                log.warning("slack.reconnecting")
                self._handler.client.wss_uri = None
                missing = 0.0

    async def is_connected(self) -> bool:
        """Whether deliveries can reach us now."""
        return bool(await self._handler.client.is_connected())

    async def stop_intake(self) -> None:
        """Take no more deliveries."""
        await self._handler.disconnect_async()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Let go of the connection."""
        await self._handler.close_async()  # type: ignore[no-untyped-call]
