"""Starting the embedded voice service: as an aiohttp application, in-process, or until stopped."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox.clock import Clock, RealClock
from bot.sandbox.voice_api import control, page, routes
from bot.sandbox.voice_api.engine import VoiceService
from bot.sandbox.voice_api.limits import FREE, PLANS, Plan

_SHUTDOWN = 1.0  # real seconds that open connections get at the end


def create_app(service: VoiceService) -> web.Application:
    """The service over HTTP: the contract, the control API and the page."""
    app = web.Application(
        middlewares=[routes.json_errors, control.from_this_machine, routes.authorise],
        client_max_size=routes.LARGEST_BODY,
    )
    app[routes.SERVICE] = service
    app.add_routes([*routes.ROUTES, *control.ROUTES, *page.ROUTES])
    return app


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningServer:
    """A service that listens. `url` is its root; `api_url` is what a client is pointed at."""

    url: str
    service: VoiceService
    runner: web.AppRunner

    @property
    def api_url(self) -> str:
        """The base URL of the contract, to which `/call` is appended."""
        return f"{self.url}{routes.PREFIX}"

    @property
    def control_url(self) -> str:
        """The base URL of the control API."""
        return f"{self.url}{control.PREFIX}"

    async def close(self) -> None:
        """Stop listening and end every call where it stands."""
        await self.service.close()
        await self.runner.cleanup()


async def start(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    plan: Plan = FREE,
    clock: Clock | None = None,
    api_key: str | None = None,
    remote_callbacks: bool = False,
    delivery_timeout: float = 10.0,
) -> RunningServer:
    """Listen on that address (port 0: any free one) and serve; raises `OSError` if it is taken."""
    service = VoiceService(
        clock=clock,
        plan=plan,
        api_key=api_key,
        remote_callbacks=remote_callbacks,
        delivery_timeout=delivery_timeout,
    )
    runner = web.AppRunner(create_app(service), access_log=None, shutdown_timeout=_SHUTDOWN)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return RunningServer(url=_url(host, runner), service=service, runner=runner)


def _url(host: str, runner: web.AppRunner) -> str:
    port = runner.addresses[0][1]
    shown = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound, only shown
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


async def serve(*, host: str, port: int, plan: str, speed: float, api_key: str | None) -> None:
    """Serve until cancelled, and say where; `ValueError` for an unknown plan or a bad speed."""
    if plan not in PLANS:
        message = f"plan must be one of {', '.join(PLANS)}, not {plan}"
        raise ValueError(message)
    clock = RealClock(speed=speed)
    server = await start(host, port, plan=PLANS[plan], clock=clock, api_key=api_key)
    try:
        print(f"Embedded voice service: {server.url}/ explains it", flush=True)  # noqa: T201 - the output of `robocall sandbox`
        print(f"VOICE_API_URL={server.api_url}", flush=True)  # noqa: T201 - the same
        await asyncio.Event().wait()
    finally:
        await server.close()
