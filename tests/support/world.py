"""The whole world of a journey: Slack, the bot, the voice service, the phones, and the time.

All of them are real peers over real HTTP and WebSocket, the database is a real file; only the
clock is pushed by the test, and two lines between the peers can be broken on purpose.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from bot.config import Settings
from bot.demo import manifest
from bot.running import Robocall
from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import SlackServer, User, Workspace, render_thread
from bot.sandbox.slack.messages import Message
from bot.sandbox.voice_api import UNLIMITED, Plan, RunningServer, start
from handlers.socket_mode import PING_EVERY
from tests.support.clock_timer import ClockTimer
from tests.support.faulty_line import FaultyLine

MONDAY_TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
KEY = "test-key-of-the-voice-service"
DESK = "front-desk"

ANSWERS_AND_PRESSES_1 = "+14155550101"
PRESSES_2 = "+14155550102"
PRESSES_9 = "+14155550109"
HANGS_UP = "+14155550110"
BUSY = "+14155550111"
NO_ANSWER = "+14155550112"
VOICEMAIL = "+14155550113"
FAILS = "+14155550114"
REJECTS = "+14155550115"
BUSY_THEN_1 = "+14155550121"
BY_HAND = "+14155550100"


class WorldClock(PushedClock):
    """Pushed time that waits, after every step, until the bot has nothing left to do."""

    def __init__(self, world: World) -> None:
        super().__init__(MONDAY_TEN)
        self._world = world

    @override
    async def settle(self) -> None:
        await super().settle()
        while not self._world.is_quiet:
            await self._world.a_turn()
            await super().settle()


class World:
    """What a journey test talks to."""

    slack: SlackServer
    workspace: Workspace
    voice: RunningServer
    line: FaultyLine  # from the bot to the voice service
    hooks: FaultyLine  # from the voice service to the bot

    def __init__(self, folder: Path, *, plan: Plan = UNLIMITED) -> None:
        self.clock = WorldClock(self)
        self.database = folder / "robocall.db"
        self.bot: Robocall | None = None
        self.ping_every = PING_EVERY  # real seconds, after which a dead websocket is noticed
        self._plan = plan

    # --- coming and going ----------------------------------------------------------------

    async def open(self) -> None:
        """Start everything but the bot."""
        self.workspace = Workspace(manifest(), clock=self.clock)
        self.slack = SlackServer(self.workspace)
        await self.slack.start()
        self.voice = await start(plan=self._plan, clock=self.clock, api_key=KEY)
        self.line = FaultyLine(target=self.voice.url)
        await self.line.start()
        self.hooks = FaultyLine(target="")
        await self.hooks.start()

    async def start_bot(self, *, over_http: bool = False, **settings: Any) -> Robocall:
        """Start the bot on the same database as before; keyword arguments are its settings."""
        given = {
            "slack_bot_token": self.slack.bot_token,
            "slack_signing_secret": self.slack.signing_secret,
            "slack_app_token": None if over_http else self.slack.app_token,
            "slack_api_url": self.slack.api_url,
            "voice_api_key": KEY,
            "voice_api_url": self.line.url + "/api/v1/voice-bot",
            "voice_calls_per_minute": 100,
            "voice_concurrent_calls": 20,
            "public_url": self.hooks.url,
            "robocall_port": 0,
            "robocall_db": self.database,
            **settings,
        }
        bot = await Robocall.open(
            Settings.model_validate(given),
            clock=self.clock,
            timer=ClockTimer(self.clock),
            ping_every=self.ping_every,
        )
        try:
            await bot.start()
        except BaseException:
            await bot.stop()
            raise
        self.hooks.target = bot.url
        if over_http:
            await self.slack.use_http(f"{bot.url}/slack/events")
        self.bot = bot
        await self.clock.settle()
        return bot

    async def stop_bot(self) -> None:
        """Stop it as SIGTERM does."""
        if self.bot:
            bot, self.bot = self.bot, None
            await bot.stop()

    async def close(self) -> None:
        """Stop everything."""
        self.line.release()
        self.hooks.release()
        await self.stop_bot()
        await self.voice.close()
        await self.slack.close()
        await self.line.close()
        await self.hooks.close()

    # --- time ----------------------------------------------------------------------------

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is under way but what a line holds back."""
        if self.bot is None:
            return True
        parts = self.bot.parts
        return len(parts.tasks) <= self.line.held and parts.sender.is_idle

    async def a_turn(self) -> None:
        """Let real I/O go on: the database answers after whatever waits before it."""
        if self.bot:
            await self.bot.parts.store.read(lambda tx: tx.setting("alive_at"))

    async def pass_time(self, seconds: float) -> None:
        """Let that much time pass, for everybody."""
        await self.clock.advance(seconds)
        await self.clock.settle()

    # --- people --------------------------------------------------------------------------

    def person(self, who: str = "ben") -> User:
        """Ben sits at the desk, Ana is the admin, Priya is in Mumbai."""
        return self.slack.user(who)

    async def command(self, text: str, *, who: str = "ben", channel: str = DESK) -> str:
        """Type `/robocall TEXT`; what only that person then reads, '' if nothing."""
        before = {m.ts for m in self._whispers(who)}
        await self.person(who).command("/robocall", text, channel)
        await self.clock.settle()
        return "\n".join(self._read(m, who) for m in self._whispers(who) if m.ts not in before)

    async def click(self, button: str, *, who: str = "ben", channel: str = DESK) -> str:
        """Press a button on the newest card; what only that person then reads."""
        before = {m.ts for m in self._whispers(who)}
        await self.person(who).click(self.card(channel), button)
        await self.clock.settle()
        return "\n".join(self._read(m, who) for m in self._whispers(who) if m.ts not in before)

    def card(self, channel: str = DESK) -> Message:
        """The newest card in a channel."""
        return self.cards(channel)[-1]

    def cards(self, channel: str = DESK) -> list[Message]:
        """All cards in a channel, oldest first."""
        place = self.workspace.channel(channel).channel_id
        roots = self.workspace.messages.roots(place)
        return [m for m in roots if m.user_id == "U0ROBOCALL" and not m.only_for]

    def thread(self, channel: str = DESK, *, who: str = "ben") -> str:
        """The newest card with its thread, as that person reads it."""
        return self._read(self.card(channel), who)

    def _read(self, message: Message, who: str) -> str:
        return render_thread(self.workspace, message.channel_id, message.ts, as_user=who)

    def _whispers(self, who: str) -> list[Message]:
        user_id = self.workspace.person(who).user_id
        return [m for m in self.workspace.messages if m.only_for == user_id]

    # --- facts ---------------------------------------------------------------------------

    def rows(self, view: str = "call_log") -> list[dict[str, Any]]:
        """A documented view, as any SQLite user reads it."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(f"select * from {view}")]  # noqa: S608 - names of our own views
        finally:
            connection.close()

    def call(self) -> dict[str, Any]:
        """The newest call of the log."""
        return self.rows()[-1]

    def heard(self, number: str) -> list[str]:
        """Everything that came out of that phone, in order."""
        handset = self.voice.service.handsets[number]
        return [each.text for each in handset.heard]


@asynccontextmanager
async def a_world(folder: Path, *, plan: Plan = UNLIMITED) -> AsyncIterator[World]:
    """A world without a bot; closed at the end."""
    world = World(folder, plan=plan)
    await world.open()
    try:
        yield world
    finally:
        await world.close()
