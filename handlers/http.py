"""The bot's own HTTP: Slack's deliveries in HTTP mode, and whether the bot is well."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.app.async_app import AsyncApp

Readiness = Callable[[], Awaitable[Mapping[str, bool]]]
"""What must be true for the bot to do its job, each by name."""


class SlackOverHttp:
    """`POST /slack/events`: events, commands and interactivity (design.md 3.3)."""

    def __init__(self, app: AsyncApp) -> None:
        self._app = app

    def routes(self) -> list[web.RouteDef]:
        """Where it is reached."""
        return [web.post("/slack/events", self.deliver)]

    async def deliver(self, request: web.Request) -> web.Response:
        """One delivery, answered by its listener."""
        response = await self._app.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(response)


class Health:
    """`GET /healthz` (alive) and `GET /readyz` (able to do the job); no personal data."""

    def __init__(self, readiness: Readiness) -> None:
        self._readiness = readiness

    def routes(self) -> list[web.RouteDef]:
        """Where they are reached."""
        return [web.get("/healthz", self.alive), web.get("/readyz", self.ready)]

    async def alive(self, _: web.Request) -> web.Response:
        """The process answers."""
        return web.json_response({"alive": True})

    async def ready(self, _: web.Request) -> web.Response:
        """200 if everything is well, else 503; the body names each part."""
        parts = await self._readiness()
        return web.json_response(dict(parts), status=200 if all(parts.values()) else 503)
