from __future__ import annotations

import asyncio
import sqlite3
import time

from bot.slack.answers import NOT_SAVED
from tests.support.slack_side import opened, reads, whispers
from tests.support.world import DESK, World

ANN = "+14155550130"


async def test_a_locked_database_starts_nothing_and_says_so(world: World) -> None:
    """Somebody else holds the file for longer than we wait: an honest answer within three seconds.

    The one test that takes real seconds: SQLite's busy timeout knows no other clock (S3, F7).
    """
    await world.start_bot()
    await world.command("list")
    form = await opened(world, who="ana")
    other = sqlite3.connect(world.database, isolation_level=None)
    other.execute("begin immediate")
    began = time.monotonic()
    ben, ana = world.person("ben"), world.person("ana")
    command, sent = await asyncio.gather(
        ben.command("/robocall", f"{ANN} Hello", DESK),
        ana.submit(form, {"to": ANN, "message": "Hello"}),
    )
    took = time.monotonic() - began
    other.execute("rollback")
    other.close()
    assert took < 3
    assert command is not None
    assert command.error is None
    assert NOT_SAVED in reads(world, whispers(world)[-1])
    assert sent.errors == {"to": NOT_SAVED}
    await world.pass_time(30)
    assert world.rows() == []
    assert world.line.posts == []
    assert (await ana.submit(form)).is_closed
    await world.command(f"{ANN} Hello")
    await world.pass_time(60)
    assert [call["result"] for call in world.rows()] == ["answered", "answered"]
