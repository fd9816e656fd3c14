"""The bot as a process of its own between real peers, to be killed and started again.

Slack, the voice service, the lines and the truth live here, in the test; the bot is
`robocall run`, reached only over the network and read only through its database file.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.demo import free_port, manifest
from bot.sandbox.slack import SlackServer, Workspace
from bot.sandbox.voice_api import UNLIMITED, RunningServer, start
from bot.sandbox.voice_api.phones import Behaviour, Kind
from tests.chaos import launch
from tests.chaos.quick_time import PatientClock, QuickClock
from tests.chaos.stormy_line import StormyLine

ROOT = Path(__file__).parents[2]
SPEED = 60.0
KEY = "chaos-key-of-the-voice-service"
WORDS = "Canary: your parcel waits at the counter"
CHANNELS = ("front-desk", "general", "office")
AREAS = (
    *(201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 301),
    *(302, 303, 304, 305, 307, 308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 401, 402),
)
"""Each with a hundred numbers that belong to nobody; none is in the table of phones."""

LOOK_EVERY = 0.05
DIES_WITHIN = 90.0
SETTLES_WITHIN = 120.0

NOT_SETTLED = """
select count(*) from calls
where not (state = 'ended' or (state = 'unconfirmed' and held_at is not null))
"""
NOT_TOLD = "select count(*) from outbox where state in ('pending', 'sending')"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One command a person typed; `is_acknowledged`: Slack showed no error."""

    number: str
    is_acknowledged: bool
    retries: int = 0


class Stage:
    """A world whose bot dies."""

    slack: SlackServer
    workspace: Workspace
    voice: RunningServer
    line: StormyLine  # from the bot to the voice service: what it accepted is the truth
    hooks: StormyLine  # from the voice service to the bot

    def __init__(self, folder: Path, *, seed: int = 0, mutant: str = "") -> None:
        self.database = folder / "robocall.db"
        self.log = folder / "bot.log"
        self.dice = random.Random(seed)  # noqa: S311 - the same seed, the same faults
        self.asked: list[Asked] = []
        self.kills = 0
        self._numbers = itertools.count()
        self._mutant = mutant
        self._began = time.time()
        self._bot: asyncio.subprocess.Process | None = None

    # --- coming and going ----------------------------------------------------------------

    async def open(self) -> None:
        """Start everything but the bot."""
        self.workspace = Workspace(manifest(), clock=PatientClock(speed=SPEED, began=self._began))
        self.slack = SlackServer(self.workspace)
        await self.slack.start()
        clock = QuickClock(speed=SPEED, began=self._began)
        self.voice = await start(plan=UNLIMITED, clock=clock, api_key=KEY)
        self.line = StormyLine(target=self.voice.url, dice=self.dice)
        self.hooks = StormyLine(target=f"http://127.0.0.1:{free_port()}", dice=self.dice)
        await self.line.start()
        await self.hooks.start()

    async def close(self) -> None:
        """Stop everything."""
        if self.is_alive:
            await self.kill()
        self.line.release()
        await self.voice.close()
        await self.slack.close()
        await self.line.close()
        await self.hooks.close()

    async def start_bot(self, *, crash: str = "") -> None:
        """Start it, told where to die ('point/hits'); returns when it is connected or dead."""
        with self.log.open("ab") as output:
            self._bot = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tests.chaos.launch",
                cwd=ROOT,
                env=self._environment(crash),
                stdout=output,
                stderr=output,
            )
        dying = asyncio.ensure_future(self._bot.wait())
        await until(lambda: dying.done() or self.is_connected, DIES_WITHIN)
        if dying.done() and self._bot.returncode != -signal.SIGKILL:
            raise AssertionError(f"the bot does not start: {self.log.read_text()[-2000:]}")

    def _environment(self, crash: str) -> dict[str, str]:
        port = self.hooks.target.rpartition(":")[2]
        return {
            "PATH": os.environ.get("PATH", ""),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "VOICE_API_KEY": KEY,
            "VOICE_API_URL": self.line.url + "/api/v1/voice-bot",
            "VOICE_CALLS_PER_MINUTE": "600",
            "VOICE_CONCURRENT_CALLS": "20",
            "PUBLIC_URL": self.hooks.url,
            "ROBOCALL_PORT": port,
            "ROBOCALL_DB": str(self.database),
            "ROBOCALL_LOG_LEVEL": "debug",
            launch.SPEED: str(SPEED),
            launch.BEGAN: str(self._began),
            launch.CRASH: crash,
            launch.MUTANT: self._mutant,
        }

    @property
    def is_connected(self) -> bool:
        """Whether commands reach the bot now."""
        return self.slack.sockets.connection_count > 0

    @property
    def is_alive(self) -> bool:
        """Whether the bot's process runs."""
        return self._bot is not None and self._bot.returncode is None

    async def dies(self, within: float = DIES_WITHIN) -> bool:
        """Wait until it has killed itself; False if it has not come to that point."""
        assert self._bot is not None
        try:
            await asyncio.wait_for(self._bot.wait(), within)
        except TimeoutError:
            return False
        self.kills += 1
        await self._gone()
        return True

    async def kill(self) -> None:
        """`kill -9`, now."""
        assert self._bot is not None
        if self.is_alive:
            self._bot.kill()
        await self._bot.wait()
        self.kills += 1
        await self._gone()

    async def stop_bot(self) -> int:
        """Stop it as a service manager does; its exit status."""
        assert self._bot is not None
        self._bot.terminate()
        status = await self._bot.wait()
        await self._gone()
        return status

    async def _gone(self) -> None:
        await until(lambda: not self.is_connected, DIES_WITHIN)

    # --- people --------------------------------------------------------------------------

    async def ask(self, *, retries: int = 0) -> Asked:
        """Type one command for a number nobody else rings; a person who gets an error gives up.

        With `retries` the phone is busy, so that the sender's rule dials again.
        """
        count = next(self._numbers)
        number = f"+1{AREAS[count // 100]}55501{count % 100:02d}"
        if retries:
            self.voice.service.handsets.behave(number, Behaviour(kind=Kind.BUSY))
        rule = f" retries={retries} retry_delay=0" if retries else ""
        exchange = await self.slack.user("ben").command(
            "/robocall", f'{number} "{WORDS}"{rule}', CHANNELS[count % len(CHANNELS)]
        )
        is_acknowledged = exchange is not None and exchange.error is None
        asked = Asked(number=number, is_acknowledged=is_acknowledged, retries=retries)
        self.asked.append(asked)
        return asked

    # --- what can be seen ----------------------------------------------------------------

    async def all_settled(self, within: float = SETTLES_WITHIN) -> None:
        """Wait until every call is over or held, and told; `TimeoutError` if something is stuck."""
        await until(self.is_settled, within)

    def is_settled(self) -> bool:
        """Whether nothing will happen any more by itself."""
        return self.count(NOT_SETTLED) == 0 and self.count(NOT_TOLD) == 0

    def count(self, statement: str) -> int:
        """One number from the database; 0 as long as there is none."""
        try:
            return int(next(iter(self.rows(statement)[0].values())))
        except sqlite3.OperationalError:
            return 0

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Rows of the bot's database, read beside it."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement)]

    def posted(self) -> list[dict[str, Any]]:
        """The bodies of all POSTs that left the bot, whatever became of them."""
        return [json.loads(seen.body) for seen in self.line.posts]

    def accepted(self) -> list[str]:
        """The numbers the voice service said yes to, each as often as it did: the truth."""
        return [json.loads(seen.body)["phone_number"] for seen in self.line.accepted]


async def until(is_true: Callable[[], bool], within: float) -> None:
    """Wait for something that only another process can bring about; `TimeoutError`."""
    async with asyncio.timeout(within):
        while not is_true():  # noqa: ASYNC110 - no event of ours: the bot is another process
            await asyncio.sleep(LOOK_EVERY)


@asynccontextmanager
async def a_stage(folder: Path, *, seed: int = 0, mutant: str = "") -> AsyncIterator[Stage]:
    """A stage without a bot; closed at the end."""
    stage = Stage(folder, seed=seed, mutant=mutant)
    await stage.open()
    try:
        yield stage
    finally:
        await stage.close()
