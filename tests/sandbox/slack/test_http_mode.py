"""Deliveries to a real Bolt app over signed HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp

from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import SlackServer, Workspace
from bot.sandbox.slack.http_mode import RequestUrlRefused
from tests.sandbox.slack.conftest import MANIFEST
from tests.sandbox.slack.echo_app import EchoApp, build
from tests.sandbox.slack.payload_parts import field, modal


async def listen(app: web.Application) -> tuple[web.AppRunner, str]:
    """Serve an application on a free port; its base URL."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def echo(slack: SlackServer) -> AsyncIterator[EchoApp]:
    """A real Bolt app behind a request URL that has passed the challenge."""
    app = build(slack)
    runner, url = await listen(app.app.web_app())
    await slack.use_http(f"{url}/slack/events")
    yield app
    await app.aclose()
    await runner.cleanup()


async def test_a_command_and_a_form_go_through(slack: SlackServer, echo: EchoApp) -> None:
    """Form bodies, the payload field and the answers, as Slack sends and reads them."""
    echo.view, echo.answer = modal(field("a")), {"text": "here"}
    ben = slack.user("ben")
    await ben.command("/echo", "50% & more")
    assert echo.heard[0]["text"] == "50% &amp; more"
    assert [m.text for m in slack.workspace.messages] == ["here"]
    echo.submit_answer = {"response_action": "errors", "errors": {"a": "No."}}
    result = await ben.submit(await ben.form_named("form"), {"a": "x"})
    assert dict(result.errors) == {"a": "No."}


async def test_events_come_again_with_retry_headers(
    slack: SlackServer, echo: EchoApp, clock: PushedClock
) -> None:
    """A 500 is answered with a retry at once, with its number and reason."""
    echo.fails_events = 1
    slack.user("ben").mention_bot("general", "hello")
    await slack.workspace.until(lambda: len(echo.heard) == 2)
    assert echo.retries == [[], ["1"]]
    delivered = [e for e in slack.workspace.exchanges if e.name == "app_mention"]
    assert [e.error for e in delivered] == ["http_error", None]


async def test_a_wrong_secret_fails_the_challenge_and_the_command(slack: SlackServer) -> None:
    """The app refuses what is signed with another secret; the person sees dispatch_failed."""
    app = AsyncApp(client=build(slack).client, signing_secret="another")
    runner, url = await listen(app.web_app())
    with pytest.raises(RequestUrlRefused):
        await slack.use_http(f"{url}/slack/events")
    await slack.use_http(f"{url}/slack/events", verify=False)
    exchange = await slack.user("ben").command("/echo")
    await runner.cleanup()
    assert exchange is not None
    assert exchange.error == "dispatch_failed"


async def test_an_app_can_refuse_retries(slack: SlackServer) -> None:
    """X-Slack-No-Retry ends the redelivery of that event."""
    seen: list[str] = []

    async def refuse(request: web.Request) -> web.Response:
        seen.append(request.headers["Content-Type"])
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    app = web.Application()
    app.router.add_post("/", refuse)
    runner, url = await listen(app)
    await slack.use_http(url, verify=False)
    slack.user("ben").mention_bot("general", "hello")
    await slack.workspace.until(lambda: [e for e in slack.workspace.exchanges if e.error])
    exchange = slack.workspace.exchanges[-1]
    assert exchange.is_given_up
    await slack.user("ben").command("/echo")
    await runner.cleanup()
    assert seen == ["application/json", "application/x-www-form-urlencoded"]


async def test_nobody_at_the_url_is_dispatch_failed(clock: PushedClock) -> None:
    """The mode is chosen at construction; a refused connection is told to the person."""
    server = SlackServer(
        Workspace(MANIFEST, clock=clock), request_url="http://127.0.0.1:9/", signing_secret="s"
    )
    await server.start()
    exchange = await server.user("ben").command("/echo")
    await server.close()
    assert exchange is not None
    assert exchange.error == "dispatch_failed"
