"""Socket Mode against the embedded Slack: outages end, dead tickets too, bad tokens are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo import manifest
from bot.sandbox.clock import RealClock
from bot.sandbox.slack import SlackServer, Workspace
from bot.sandbox.slack.faults import Fault
from handlers.socket_mode import SlackRefusedToken, SocketMode

SHORT = 0.01


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """An embedded Slack with the app installed."""
    server = SlackServer(Workspace(manifest(), clock=RealClock()))
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def socket(slack: SlackServer) -> AsyncIterator[SocketMode]:
    """A connection that is in a hurry, not yet made."""
    made = socket_to(slack, slack.app_token)
    yield made
    await made.stop_intake()
    await made.close()


def socket_to(slack: SlackServer, app_token: str) -> SocketMode:
    """A connection with that token."""
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
    app = AsyncApp(client=client, request_verification_enabled=False)
    return SocketMode(
        app=app,
        app_token=app_token,
        client=client,
        patience=5 * SHORT,
        look_every=SHORT,
        ping_every=0.2,
    )


async def test_it_connects_and_says_so(slack: SlackServer, socket: SocketMode) -> None:
    """Readiness follows the connection."""
    assert not await socket.is_connected()
    await socket.connect()
    assert await socket.is_connected()
    await socket.stop_intake()
    assert not await socket.is_connected()


@pytest.mark.parametrize(
    "fault", [Fault(status=503), Fault(drops=True), Fault.refused("internal_error")]
)
async def test_it_waits_out_an_outage(slack: SlackServer, socket: SocketMode, fault: Fault) -> None:
    """While Slack is down it asks again and again, and connects when Slack is back."""
    slack.faults.plan("apps.connections.open", fault, times=3)
    await socket.connect()
    assert await socket.is_connected()


@pytest.mark.parametrize("token", ["xapp-1-of-another-app", "xoxb-no-app-token"])
async def test_a_bad_token_is_refused_at_once(slack: SlackServer, token: str) -> None:
    """Bolt would ask for ever without a word; here the operator reads a sentence."""
    socket = socket_to(slack, token)
    with pytest.raises(SlackRefusedToken, match=r"does not accept the token \(.+\)\. `robocall"):
        await socket.connect()
    await socket.close()
    asked = [e for e in slack.workspace.exchanges if e.name == "apps.connections.open"]
    assert len(asked) == 1


async def test_a_dropped_line_comes_back_through_dead_tickets(
    slack: SlackServer, socket: SocketMode
) -> None:
    """Bolt alone tries the same dead address for ever (slack-facts 1.5); the watchdog does not."""
    await socket.connect()
    watching = asyncio.ensure_future(socket.watch())
    slack.sockets.kill_next_tickets(2)
    slack.sockets.drop()
    await slack.workspace.until(lambda: slack.sockets.connection_count == 0)
    assert not watching.done()
    came_back = await slack.workspace.until(lambda: slack.sockets.connection_count == 1, 20)
    watching.cancel()
    assert came_back
    tickets = [e for e in slack.workspace.exchanges if e.name == "apps.connections.open"]
    assert len(tickets) >= 4
