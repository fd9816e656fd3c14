"""The embedded Slack as a server on the loopback interface: one port for everything."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from aiohttp import web

from bot.sandbox.slack import file_routes, playground, response_urls, socket_mode
from bot.sandbox.slack.call import Call
from bot.sandbox.slack.deliveries import Deliveries, Transport
from bot.sandbox.slack.faults import Faults
from bot.sandbox.slack.http_mode import HttpMode
from bot.sandbox.slack.rate_limits import Limiter, RateLimits
from bot.sandbox.slack.response_urls import ResponseUrls
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.user import User
from bot.sandbox.slack.web_api import WebApi
from bot.sandbox.slack.workspace import Workspace

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_BODY = 16 * 1024 * 1024
SHUTDOWN_SECONDS = 0.5


class SlackServer:
    """A local Slack for one app.

    It delivers over Socket Mode, or over signed HTTP once it has a `request_url`.
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        request_url: str | None = None,
        signing_secret: str | None = None,
        limits: RateLimits | None = None,
    ) -> None:
        """Serve that workspace; tokens and, unless given, the signing secret are made up."""
        self.workspace = workspace
        self.bot_token = f"xoxb-{secrets.token_hex(16)}"
        self.app_token = f"xapp-1-{secrets.token_hex(16)}"
        self.signing_secret = signing_secret or secrets.token_hex(16)
        self.faults = Faults()
        self.sockets = SocketMode(workspace)
        self.base_url = ""
        self._http: HttpMode | None = None
        self._limits = limits or RateLimits()
        self._response_urls = ResponseUrls(workspace)
        self._deliveries = Deliveries(workspace, self._transport(request_url))
        self._api: WebApi | None = None
        self._runner: web.AppRunner | None = None

    def _transport(self, request_url: str | None) -> Transport:
        if request_url is None:
            return self.sockets
        self._http = HttpMode(request_url, self.signing_secret)
        return self._http

    @property
    def api_url(self) -> str:
        """The base URL of the Web API; ends with /api/."""
        return f"{self.base_url}api/"

    async def use_http(self, request_url: str, *, verify: bool = True) -> None:
        """Deliver over signed HTTP from now on; first the URL must answer Slack's challenge.

        Raises `RequestUrlRefused` or `DeliveryFailed` when it does not.
        """
        http = HttpMode(request_url, self.signing_secret)
        try:
            if verify:
                await http.verify()
        except BaseException:
            await http.aclose()
            raise
        if self._http is not None:
            await self._http.aclose()
        self._http = http
        self._deliveries.transport = http

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; `ValueError` for an address that others could reach. Port 0: a free one."""
        if host not in LOOPBACK:
            message = f"the embedded Slack listens on loopback only, not on {host}"
            raise ValueError(message)
        app = web.Application(client_max_size=MAX_BODY)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECONDS
        )
        self._route(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        self._set_base_url(f"http://{shown}:{bound}/")

    def _route(self, app: web.Application) -> None:
        app.router.add_route("*", "/api/{method}", self._serve_api)
        app.router.add_get(f"{socket_mode.PATH}/", self.sockets.serve)
        app.router.add_post(f"/{response_urls.PATH}/{{secret}}", self._response_urls.serve)
        file_routes.add_to(app, self.workspace, bot_token=self.bot_token)
        playground.add_to(app, self.workspace, self.user)

    def _set_base_url(self, base_url: str) -> None:
        self.base_url = base_url
        self._response_urls.base_url = base_url
        call = Call(
            workspace=self.workspace,
            deliveries=self._deliveries,
            sockets=self.sockets,
            base_url=base_url,
        )
        self._api = WebApi(
            call,
            Limiter(self._limits),
            self.faults,
            bot_token=self.bot_token,
            app_token=self.app_token,
        )

    async def _serve_api(self, request: web.Request) -> web.StreamResponse:
        if self._api is None:
            raise web.HTTPServiceUnavailable
        return await self._api.serve(request)

    def user(self, who: str) -> User:
        """Act as that person: an id, a name or a real name; `KeyError` when there is none."""
        return User(
            person=self.workspace.person(who),
            workspace=self.workspace,
            deliveries=self._deliveries,
            response_urls=self._response_urls,
        )

    def revoke_token(self, error: str = "token_revoked") -> None:
        """From now on the bot token is refused with `token_revoked` or `account_inactive`."""
        if self._api is not None:
            self._api.revoked_with = error

    def release_hanging(self) -> None:
        """Cut the requests that hang; from now on a fault that hangs is a cut at once."""
        if self._api is not None:
            self._api.stop()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return urlsplit(self.base_url).port or 0

    async def close(self) -> None:
        """Stop: give up deliveries, close the sockets and the port."""
        await self._deliveries.aclose()
        self.release_hanging()
        await self.sockets.aclose()
        if self._http is not None:
            await self._http.aclose()
        if self._runner is not None:
            await self._runner.cleanup()
