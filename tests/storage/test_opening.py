# ruff: noqa: ASYNC240 - the file is the subject here, and nothing else runs meanwhile
from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlite_utils
from sqlite_utils import Migrations

from bot.domain.errors import StoreUnavailable
from storage.checking import FileCheck
from storage.database import Database, DatabaseRefused
from tests.storage.rows import add_call

NOBODY = 65534


async def made(path: Path, calls: int = 300) -> Path:
    """A closed database with some calls in it."""
    database = await Database.open(path)
    await database.write(lambda tx: [add_call(tx) for _ in range(calls)])
    await database.close()
    return path


async def refusal(path: Path) -> str:
    """What the start says about this file; it has the last word."""
    with pytest.raises(DatabaseRefused) as refused:
        await Database.open(path, busy_timeout=timedelta(milliseconds=50))
    return str(refused.value)


def overwrite_pages(path: Path) -> None:
    """Flip bytes in the middle of the file."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)


async def test_a_new_file_is_private_and_safe(path: Path) -> None:
    """Phone numbers are for nobody else's eyes; commits survive power loss."""
    database = await Database.open(path)
    await database.verified()
    await database.write(add_call)
    for name in ("robocall.db", "robocall.db-wal", "robocall.db.lock"):
        assert stat.S_IMODE((path.parent / name).stat().st_mode) == 0o600
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "mmap_size", "busy_timeout")
    values = [database._connection.execute(f"pragma {p}").fetchone()[0] for p in pragmas]
    assert values == ["wal", 2, 1, 0, 2000]
    await database.close()


async def test_what_was_saved_is_there_after_a_restart(path: Path) -> None:
    """Opening twice in a row changes nothing."""
    await made(path)
    for _ in range(2):
        database = await Database.open(path)
        assert await database.read(lambda tx: tx.call(300)) is not None
        await database.close()


async def test_a_second_bot_on_the_same_file_is_refused(path: Path) -> None:
    """Two bots would ring one phone twice; when the first has gone the second may come."""
    first = await Database.open(path)
    assert "Another Robocall is running" in await refusal(path)
    await first.close()
    second = await Database.open(path)
    await second.close()


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    """Somebody's shopping list, for one."""
    text = "milk, bread, butter\n" * 1000
    path.write_text(text)
    assert "is damaged or not a database" in await refusal(path)
    assert path.read_text() == text


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    """Its tables are not ours to add to."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table recipes (id integer primary key)")
    assert "is a database of another program" in await refusal(path)


async def test_a_newer_schema_is_refused(path: Path) -> None:
    """An old program on a new file would break its promises."""
    await made(path)
    with closing(sqlite3.connect(path)) as newer:
        newer.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at)"
            " values ('robocall', '9999_from_the_future', '')"
        )
        newer.commit()
    assert "was written by a newer Robocall" in await refusal(path)


async def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would keep texts in columns of numbers."""
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    assert "3.37 or newer is needed" in await refusal(path)


async def test_a_damaged_file_is_refused(path: Path) -> None:
    """Nothing is dialled from a file that does not hold together."""
    overwrite_pages(await made(path))
    message = await refusal(path)
    assert "is damaged" in message
    assert "backup" in message


async def test_a_truncated_file_is_refused(path: Path) -> None:
    """Half a copy is no backup."""
    await made(path)
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    assert "is damaged" in await refusal(path)


async def test_a_large_file_is_checked_beside_the_start(path: Path) -> None:
    """The bot may come up meanwhile, but learns of the damage before it dials."""
    overwrite_pages(await made(path))
    database = await Database.open(path, checked_at_once=0)
    with pytest.raises(DatabaseRefused, match="is damaged"):
        await database.verified()
    await database.close()


async def test_stopping_does_not_wait_for_the_check(path: Path) -> None:
    """A stop in the first second is still a stop; nobody takes the file for whole."""
    await made(path)
    begun, going_on = threading.Event(), threading.Event()

    def begin(statement: str) -> None:
        assert statement == "pragma quick_check(1)"
        begun.set()
        assert going_on.wait(10)

    file_check = FileCheck(path, busy_timeout=timedelta(seconds=1), trace=begin)
    await asyncio.to_thread(begun.wait)
    stopping = asyncio.ensure_future(file_check.stop())
    await asyncio.sleep(0)  # it has asked to stop, and waits for that
    going_on.set()
    await stopping
    with pytest.raises(StoreUnavailable, match="interrupted"):
        await file_check.passed()


@contextmanager
def powerless() -> Iterator[None]:
    """Inside, we are not root: root may write everywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A path in a folder that everybody can get to; pytest's own are private."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        yield Path(folder) / "robocall.db"


async def test_a_read_only_folder_is_refused(reachable: Path) -> None:
    """SQLite needs its log beside the file."""
    reachable.parent.chmod(0o555)
    with powerless():
        message = await refusal(reachable)
    reachable.parent.chmod(0o777)
    assert f"Cannot write {reachable}.lock (Permission denied)" in message
    assert "ROBOCALL_DB" in message


async def test_a_read_only_file_is_refused(reachable: Path) -> None:
    """It says so before the first call is lost."""
    await made(reachable)
    reachable.with_name("robocall.db.lock").chmod(0o666)
    reachable.chmod(0o444)
    with powerless():
        message = await refusal(reachable)
    assert f"Cannot write {reachable} (Permission denied)" in message


async def test_a_missing_folder_is_refused(path: Path) -> None:
    """A typo in the setting must not make folders."""
    assert "No such file or directory" in await refusal(path / "sub" / "robocall.db")


async def test_a_locked_file_is_refused(path: Path) -> None:
    """Another program is in the middle of something, and the schema is still to be made."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("begin exclusive")
        assert "Close other programs that use it" in await refusal(path)
    database = await Database.open(path)
    await database.close()


async def test_a_migration_that_fails_leaves_nothing_half(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is as it was, for the version that mends it."""
    failing = Migrations("robocall")

    @failing(name="0001_calls")
    def _fails(db: sqlite_utils.Database) -> None:
        db.conn.execute("create table calls (id integer primary key) strict")
        db.conn.execute("create table calls (id integer primary key) strict")

    with monkeypatch.context() as patch:
        patch.setattr("storage.opening.MIGRATIONS", failing)
        assert "already exists" in await refusal(path)
    with closing(sqlite3.connect(path)) as untouched:
        assert untouched.execute("select * from sqlite_schema").fetchall() == []
    await (await Database.open(path)).close()


DIE_IN_MIGRATION = """
import asyncio, os, sys
from pathlib import Path
from bot.domain.errors import StoreUnavailable
from storage.checking import FileCheck
from storage.database import Database
from storage.migrations import MIGRATIONS

@MIGRATIONS(name="9998_dies")
def _dies(db):
    os._exit(9)

asyncio.run(Database.open(Path(sys.argv[1])))
"""


async def test_a_kill_in_the_middle_of_a_migration_leaves_nothing_half(path: Path) -> None:
    """All migrations of a start are one transaction."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", DIE_IN_MIGRATION, str(path), cwd=Path(__file__).parents[2]
    )
    assert await child.wait() == 9
    with closing(sqlite3.connect(path)) as half:
        assert half.execute("select * from sqlite_schema").fetchall() == []
    database = await Database.open(path)
    assert await database.write(add_call) == 1
    await database.close()
