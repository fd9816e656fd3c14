"""The bot's life: start, stay connected, stop without losing or doubling anything."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from aiohttp import web

from bot.app import Parts, build, web_application
from bot.config import Settings
from bot.domain.errors import StoreUnavailable
from bot.ports import Clock, Timer
from bot.voice.client import Timeouts
from handlers.socket_mode import (
    CONNECT_SECONDS,
    PING_EVERY,
    SlackRefusedToken,
    SocketMode,
)

log = structlog.get_logger(__name__)

TICK_EVERY = 1.0
CANCEL_EVERY = 5.0
COMMANDS_EVERY = 5.0
HOUSEKEEPING_EVERY = 3600.0
ASK_SLACK_EVERY = 60.0
KEEP_DELIVERIES_FOR = timedelta(days=7)
DRAIN_SECONDS = 25.0


class Robocall:
    """The running bot, made of its parts."""

    def __init__(self, parts: Parts, *, ping_every: float = PING_EVERY) -> None:
        self.parts = parts
        self.url = ""
        self._socket = _socket_mode(parts, ping_every=ping_every)
        self._runner: web.AppRunner | None = None
        self._loops: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        clock: Clock | None = None,
        timer: Timer | None = None,
        timeouts: Timeouts | None = None,
        ping_every: float = PING_EVERY,
    ) -> Robocall:
        """Build it; raises DatabaseRefused and StoreUnavailable."""
        parts = await build(settings, clock=clock, timer=timer, timeouts=timeouts)
        return cls(parts, ping_every=ping_every)

    async def start(self) -> None:
        """Receive first, then recover, then dial, so that no news finds a closed door.

        Returns when Slack is connected, or after a while without: calls go on meanwhile.
        Raises SlackRefusedToken and OSError (the port is taken).
        """
        await self._serve()
        await self._know_slack()
        if why := self.parts.services.access.problem:
            raise SlackRefusedToken(why)
        await self.parts.services.reconcile.recover()
        self._begin(self.parts.sender.run(), name="outbox")
        self._begin(self._when_verified(), name="dialing")
        self._begin(self._keep_asking(), name="slack.access")
        if self._socket:
            await self._first_connection(self._socket)

    async def stop(self) -> None:
        """Take nothing more, finish what is under way, close."""
        parts = self.parts
        parts.timer.stop()
        parts.services.dispatch.stop()
        if self._socket:
            await self._socket.stop_intake()
        cut = await parts.tasks.drain(DRAIN_SECONDS)
        if cut:
            log.warning("stop.cut", tasks=cut)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._socket:
            await self._socket.close()
        if self._runner:
            await self._runner.cleanup()
        await parts.voice.aclose()
        await parts.http.close()
        await parts.store.close()

    async def readiness(self) -> Mapping[str, bool]:
        """Slack connected, database writable, voice API not refusing us (design.md 3.3)."""
        is_writable = True
        try:
            at = self.parts.clock.now().isoformat()
            await self.parts.store.write(lambda tx: tx.save_setting("alive_at", at))
        except StoreUnavailable:
            is_writable = False
        return {
            "slack": await self._is_slack_well(),
            "database": is_writable,
            "voice_api": not self.parts.services.dispatch.brake.is_probing,
        }

    async def _is_slack_well(self) -> bool:
        parts = self.parts
        lets_us_in = parts.services.access.is_well and not parts.sender.problem
        return lets_us_in and (not self._socket or await self._socket.is_connected())

    async def _serve(self) -> None:
        settings = self.parts.settings
        app = web_application(self.parts, readiness=self.readiness)
        # a body that was refused unread is waited for that long, not aiohttp's ten seconds (W19)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=5, lingering_time=2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, settings.robocall_host, settings.robocall_port)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        log.info("http.listening", url=self.url)

    async def _first_connection(self, slack: SocketMode) -> None:
        """Wait for it, but not for ever: Slack may be down while calls are due."""
        connected = asyncio.Event()

        async def stay_connected() -> None:
            await slack.connect()
            log.info("slack.connected")
            connected.set()
            await slack.watch()

        staying = self._begin(stay_connected(), name="slack.socket")
        waiting = asyncio.ensure_future(connected.wait())
        try:
            await asyncio.wait(
                {staying, waiting}, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
        if staying.done():
            staying.result()

    async def _know_slack(self) -> None:
        """Who we are for Slack, or whether it has shut us out."""
        identity = await self.parts.services.access.look()
        if identity:
            self.parts.workspace.know(identity)

    async def _keep_asking(self) -> None:
        """An idle connection is kept alive by it too (slack-facts 1.5)."""
        while True:
            await self.parts.clock.sleep(ASK_SLACK_EVERY)
            await self._know_slack()

    async def _when_verified(self) -> None:
        """Nothing is dialled from a file that may be damaged."""
        parts = self.parts
        await parts.store.verified()
        timer, services = parts.timer, parts.services
        timer.every(TICK_EVERY, services.dispatch.wake, name="tick")
        timer.every(TICK_EVERY, services.reconcile.wake, name="silent")
        timer.every(CANCEL_EVERY, services.cancels.ask_for_pending, name="cancel")
        timer.every(COMMANDS_EVERY, self._finish_commands, name="commands")
        timer.every(HOUSEKEEPING_EVERY, self._housekeeping, name="housekeeping")
        timer.start()
        services.dispatch.begin()
        # this asks Slack: calls that are due do not wait for it
        self._finish_commands()

    def _finish_commands(self) -> None:
        work = self.parts.listeners.command.finish_pending()
        self.parts.tasks.start(work, name="commands.finish_pending")

    def _housekeeping(self) -> None:
        before = self.parts.clock.now() - KEEP_DELIVERIES_FOR
        work = self.parts.store.write(lambda tx: tx.forget_old(before=before))
        self.parts.tasks.start(work, name="housekeeping")

    def _begin(self, loop: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(loop, name=name)
        self._loops.add(task)
        return task

    async def failed(self) -> str:
        """Wait until the bot must not go on, and say why."""
        broken = asyncio.ensure_future(self.parts.store.failed())
        watched: set[asyncio.Future[Any]] = {broken, *self._loops}
        while True:
            done, watched = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                if error := each.exception():
                    return str(error) or type(error).__name__
            if broken in done:
                return broken.result()


def _socket_mode(parts: Parts, *, ping_every: float) -> SocketMode | None:
    token = parts.settings.slack_app_token
    if token is None:
        return None
    return SocketMode(
        app=parts.slack,
        app_token=token.get_secret_value(),
        client=parts.client,
        ping_every=ping_every,
    )


def tune_garbage_collector() -> None:
    """What lives from start to stop need not be looked at again and again (engine-facts 7).

    Without a collection before it, which would block the event loop for 50 ms.
    """
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


async def run(settings: Settings, stop: asyncio.Event) -> str | None:
    """Run until `stop` is set; a sentence if the bot had to stop by itself."""
    bot = await Robocall.open(settings)
    tune_garbage_collector()
    try:
        await bot.start()
        log.info("robocall.running", socket_mode=settings.uses_socket_mode)
        return await _until(bot, stop)
    finally:
        with suppress(asyncio.CancelledError):
            await bot.stop()


async def _until(bot: Robocall, stop: asyncio.Event) -> str | None:
    stopping = asyncio.ensure_future(stop.wait())
    failed = asyncio.ensure_future(bot.failed())
    done, waiting = await asyncio.wait({stopping, failed}, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()
    return failed.result() if failed in done else None
