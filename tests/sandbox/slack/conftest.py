"""A running embedded Slack with a pushed clock, and a small app in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import SlackServer, Workspace
from tests.sandbox.slack.echo_app import EchoApp, build

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MANIFEST: dict[str, Any] = {
    "display_information": {"name": "Echo"},
    "features": {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True},
        "bot_user": {"display_name": "Echo"},
        "slash_commands": [
            {"command": "/echo", "description": "Say it again", "should_escape": True},
            {"command": "/raw", "description": "Say it as typed"},
        ],
        "shortcuts": [
            {"name": "Echo this", "type": "message", "callback_id": "echo_message"},
            {"name": "New echo", "type": "global", "callback_id": "echo_new"},
        ],
    },
    "oauth_config": {
        "scopes": {
            "bot": [
                "chat:write", "commands", "users:read", "channels:read", "groups:read", "im:write",
                "channels:history", "channels:join", "files:write", "files:read", "reactions:write",
            ]
        }
    },
    "settings": {
        "event_subscriptions": {
            "bot_events": ["app_mention", "app_home_opened", "message.im", "member_joined_channel"]
        },
        "interactivity": {"is_enabled": True},
    },
}  # fmt: skip


@pytest.fixture
def clock() -> PushedClock:
    """Time stands still unless the test pushes it."""
    return PushedClock(START)


@pytest.fixture
async def slack(clock: PushedClock) -> AsyncIterator[SlackServer]:
    """The embedded Slack, listening on a free port."""
    server = SlackServer(Workspace(MANIFEST, clock=clock))
    await server.start()
    yield server
    await server.close()


@pytest.fixture
def workspace(slack: SlackServer) -> Workspace:
    """What the embedded Slack holds."""
    return slack.workspace


@pytest.fixture
def web(slack: SlackServer) -> AsyncWebClient:
    """Slack's own client with the bot token; it repeats nothing by itself."""
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.fixture
async def echo(slack: SlackServer) -> AsyncIterator[EchoApp]:
    """A real Bolt app over Socket Mode."""
    app = build(slack)
    await app.connect(slack)
    yield app
    await app.aclose()
