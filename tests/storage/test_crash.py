from __future__ import annotations

import asyncio
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from storage.database import Database
from storage.opening import check

ROOT = Path(__file__).parents[2]

HALF_SAVED = """
select count(*) from calls where
    (select count(*) from events where call_id = calls.id) <> 1
    or (select count(*) from outbox where call_id = calls.id) <> 1
"""


async def save_until_killed(path: Path, acknowledged: int) -> set[int]:
    """Run a writer, kill it after so many calls were saved, and return all it told us."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.storage.crashing_writer", str(path), cwd=ROOT, stdout=-1
    )
    assert child.stdout is not None
    ids = {int(await child.stdout.readline()) for _ in range(acknowledged)}
    child.kill()
    rest = (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    return ids | {int(line) for line in rest if line.endswith(b"\n")}


async def test_a_kill_loses_nothing_saved_and_leaves_nothing_half(path: Path) -> None:
    """Killed three times in the middle of a stream of writes, at different distances."""
    told: set[int] = set()
    for acknowledged in (1, 150, 411):
        told |= await save_until_killed(path, acknowledged)
    database = await Database.open(path)
    await database.verified()
    await database.close()
    with closing(sqlite3.connect(path)) as connection:
        check(connection, path)
        saved = {row[0] for row in connection.execute("select id from calls")}
        assert told <= saved
        assert connection.execute(HALF_SAVED).fetchone() == (0,)
