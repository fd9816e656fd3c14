"""One life of the bot inside the test: its services on a real schema, until it dies.

What is left of a life is the database. Death comes at a chosen write, before or after its
commit, or inside a call to the outside; whatever still runs then is gone with it.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from bot.domain.deployment import Deployment
from bot.domain.dial_policy import PlanLimits
from bot.ports import Transaction, VoiceService
from bot.wiring import Adapters, Services, tie_services
from storage.opening import open_writer
from storage.transaction import SqliteTransaction

T = TypeVar("T")

LIMITS = PlanLimits(calls_per_minute=3, concurrent_calls=3)
TOO_MANY_TURNS = 20_000


class Died(BaseException):
    """The process is gone; no handler of errors must survive it."""


class ModelClock:
    """Time that only the test moves."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """Where the test has pushed it."""
        return self._now

    def pass_by(self, seconds: float) -> None:
        """Push it."""
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Nobody waits here: a turn of the loop."""
        await asyncio.sleep(0)


@cache
def _schema() -> sqlite3.Connection:
    """The product's own schema, made once and copied for every history."""
    made = sqlite3.connect(":memory:")
    with TemporaryDirectory() as folder:
        opened = open_writer(
            Path(folder) / "robocall.db", busy_timeout=timedelta(seconds=1), trace=None
        )
        opened.backup(made)
        opened.close()
    return made


def new_database() -> sqlite3.Connection:
    """An empty database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _schema().backup(connection)
    connection.execute("pragma foreign_keys = on")
    return connection


class Life:
    """From a start to a death: store, tasks and services (ports.Store, ports.Tasks)."""

    services: Services

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.is_over = False
        self.mistakes: list[BaseException] = []
        self._dies_at: tuple[int, str] | None = None
        self._connection = connection
        self._transaction = SqliteTransaction(connection)
        self._tasks: set[asyncio.Task[Any]] = set()

    def bear(self, clock: ModelClock, voice: VoiceService) -> None:
        """Tie the services as bot.app does."""
        nothing = SimpleNamespace(wake=lambda: None, once_at=lambda *_, **__: None)
        adapters = SimpleNamespace(
            store=self,
            clock=clock,
            voice=voice,
            tasks=self,
            settings=SimpleNamespace(deployment=Deployment(limits=LIMITS)),
            sender=nothing,
            timer=nothing,
            client=None,
        )
        self.services = tie_services(cast("Adapters", adapters))

    # --- death ---------------------------------------------------------------------------

    def dies_at_write(self, count: int, side: str) -> None:
        """Die at the `count`-th write from now, `before` or `after` its commit."""
        self._dies_at = (count, side)

    def die(self) -> None:
        """Now."""
        self.is_over = True
        raise Died

    def must_live(self) -> None:
        """A dead process does nothing."""
        if self.is_over:
            raise Died

    # --- ports.Store ---------------------------------------------------------------------

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """One transaction; death may come before or after the commit."""
        await asyncio.sleep(0)
        self.must_live()
        side = self._side_of_death()
        self._connection.execute("begin immediate")
        try:
            value = work(self._transaction)
            if side == "before":
                self.die()
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")
        if side == "after":
            self.die()
        return value

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """What the last commit says."""
        await asyncio.sleep(0)
        self.must_live()
        return work(self._transaction)

    def _side_of_death(self) -> str:
        if self._dies_at is None:
            return ""
        count, side = self._dies_at
        self._dies_at = (count - 1, side)
        return side if count == 1 else ""

    # --- ports.Tasks ---------------------------------------------------------------------

    def start(self, work: Coroutine[Any, Any, object], *, name: str) -> None:
        """Run it in the background; a mistake is kept for the test to find."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, Died):
            self.mistakes.append(error)

    async def quiet(self, held: Callable[[], int]) -> None:
        """Wait until nothing is under way but what the voice service holds back."""
        for turn in itertools.count():
            if self.is_over or len(self._tasks) <= held():
                return
            assert turn < TOO_MANY_TURNS, f"never quiet: {self._tasks}"
            await asyncio.sleep(0)

    async def bury(self) -> None:
        """Whatever was under way is gone."""
        self.is_over = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
