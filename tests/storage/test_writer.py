from __future__ import annotations

import asyncio
import resource
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.errors import InvalidTransition, StoreUnavailable
from bot.ports import Store, Transaction
from storage.database import Database
from storage.transaction import SqliteTransaction
from tests.storage.rows import add_call

SAVED = "saved"


def save(tx: Transaction, name: str) -> str:
    """A piece of work that leaves a trace."""
    tx.save_setting(name, SAVED)
    return name


def save_big(tx: Transaction) -> str:
    """A piece of work that needs a megabyte of disk."""
    tx.save_setting("big", "x" * 1_000_000)
    return "big"


async def is_saved(database: Database, *names: str) -> list[bool]:
    """Which of these a reader sees."""
    return await database.read(lambda tx: [tx.setting(name) == SAVED for name in names])


@asynccontextmanager
async def busy_writer(database: Database) -> AsyncIterator[None]:
    """Inside, the writer is held up by a first piece, so that what comes makes one batch."""
    started, go_on = threading.Event(), threading.Event()

    def first(tx: Transaction) -> None:
        started.set()
        assert go_on.wait(10)

    holding = asyncio.ensure_future(database.write(first))
    await asyncio.to_thread(started.wait)
    try:
        yield
        await asyncio.sleep(0)  # the pieces of tasks just made are handed over
    finally:
        go_on.set()
        await holding


@contextmanager
def pages_limited(database: Database, spare: int) -> Iterator[None]:
    """Inside, the disk has room for so many pages more."""
    connection = database._connection
    used = connection.execute("pragma page_count").fetchone()[0]
    connection.execute(f"pragma max_page_count = {used + spare}")
    yield
    connection.execute("pragma max_page_count = 1000000")


async def test_the_database_is_a_store(database: Database) -> None:
    """What work returns comes back, and the next read sees it."""
    store: Store = database
    assert await store.write(lambda tx: save(tx, "a")) == "a"
    assert await store.read(lambda tx: tx.setting("a")) == SAVED


async def test_all_that_waits_is_one_commit(path: Path) -> None:
    """Fifty pieces that gather while the writer is busy cost one commit."""
    statements: list[str] = []
    database = await Database.open(path, trace=statements.append)
    async with busy_writer(database):
        pieces = [asyncio.ensure_future(database.write(add_call)) for _ in range(50)]
    assert list(range(1, 51)) == await asyncio.gather(*pieces)
    await database.close()
    assert statements.count("commit") == 2
    assert statements.count("begin immediate") == 2


async def test_a_piece_that_raises_harms_no_other(database: Database) -> None:
    """Its waiter gets the exception, nothing of it is saved, and its neighbours are."""

    def fail(tx: Transaction) -> None:
        save(tx, "failed")
        raise InvalidTransition("no")

    async with busy_writer(database):
        before = asyncio.ensure_future(database.write(lambda tx: save(tx, "before")))
        failing = asyncio.ensure_future(database.write(fail))
        after = asyncio.ensure_future(database.write(lambda tx: save(tx, "after")))
    with pytest.raises(InvalidTransition, match="no"):
        await failing
    assert [await before, await after] == ["before", "after"]
    saved = await is_saved(database, "before", "failed", "after")
    assert saved == [True, False, True]


async def test_a_mistake_in_a_statement_is_not_called_unavailable(database: Database) -> None:
    """A bug must look like one."""

    def mistaken(tx: Transaction) -> None:
        assert isinstance(tx, SqliteTransaction)
        tx.connection.execute("select * from nothing")

    with pytest.raises(sqlite3.OperationalError, match="nothing"):
        await database.write(mistaken)
    with pytest.raises(sqlite3.OperationalError, match="nothing"):
        await database.read(mistaken)
    assert await database.write(lambda tx: save(tx, "a")) == "a"


async def test_work_whose_waiter_is_cancelled_is_done_whole(database: Database) -> None:
    """Somebody hung up on us, but the command was taken."""
    async with busy_writer(database):
        waiter = asyncio.ensure_future(database.write(lambda tx: save(tx, "a") + save(tx, "b")))
        await asyncio.sleep(0)
        waiter.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiter
    await database.write(lambda tx: save(tx, "c"))
    assert await is_saved(database, "a", "b") == [True, True]


async def test_reading_goes_on_while_the_writer_is_busy(database: Database) -> None:
    """Readers see the last commit and wait for nobody."""
    async with busy_writer(database):
        writing = asyncio.ensure_future(database.write(lambda tx: save(tx, "a")))
        assert await is_saved(database, "a") == [False]
    await writing
    assert await is_saved(database, "a") == [True]


async def test_a_reader_cannot_write(database: Database) -> None:
    """Only the writer writes."""
    with pytest.raises(StoreUnavailable, match="read-only"):
        await database.read(lambda tx: save(tx, "a"))
    assert await is_saved(database, "a") == [False]


HOLD_LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("begin immediate")
print("locked", flush=True)
sys.stdin.read()
connection.execute("rollback")
"""


@asynccontextmanager
async def locked_by_another(path: Path) -> AsyncIterator[None]:
    """Inside, another process is writing to the file."""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD_LOCK, str(path), stdin=-1, stdout=-1
    )
    assert other.stdin is not None
    assert other.stdout is not None
    assert await other.stdout.readline() == b"locked\n"
    yield
    other.stdin.close()
    await other.wait()


async def test_a_lock_of_another_program_is_unavailable_and_passes(database: Database) -> None:
    """Nothing is saved, reading goes on, and later writes work again."""
    async with locked_by_another(database.path):
        with pytest.raises(StoreUnavailable, match="another program is writing to the database"):
            await database.write(lambda tx: save(tx, "a"))
        assert await is_saved(database, "a") == [False]
    assert await database.write(lambda tx: save(tx, "a")) == "a"


async def test_nobody_waits_for_a_lock_twice(path: Path) -> None:
    """What comes while the writer waits is told with the rest: Slack gives us three seconds."""
    statements: list[str] = []
    waiting = threading.Event()

    def trace(statement: str) -> None:
        statements.append(statement)
        waiting.set()

    database = await Database.open(path, busy_timeout=timedelta(seconds=0.5), trace=trace)
    async with locked_by_another(path):
        early = asyncio.ensure_future(database.write(lambda tx: save(tx, "early")))
        await asyncio.to_thread(waiting.wait)
        late = asyncio.ensure_future(database.write(lambda tx: save(tx, "late")))
        errors = await asyncio.gather(early, late, return_exceptions=True)
    assert [type(error) for error in errors] == [StoreUnavailable, StoreUnavailable]
    assert statements == ["begin immediate"]
    await database.close()


async def test_a_full_disk_refuses_only_what_does_not_fit(database: Database) -> None:
    """SQLite undoes the whole batch: what fits is done again, and space that returns is used."""
    with pages_limited(database, spare=20):
        async with busy_writer(database):
            before = asyncio.ensure_future(database.write(lambda tx: save(tx, "before")))
            big = asyncio.ensure_future(database.write(save_big))
            after = asyncio.ensure_future(database.write(lambda tx: save(tx, "after")))
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            await big
        assert [await before, await after] == ["before", "after"]
    assert await is_saved(database, "before", "after") == [True, True]
    assert await database.write(save_big) == "big"


async def test_an_error_of_the_disk_stops_all_writing(database: Database) -> None:
    """Nobody knows what reached the disk: no retry, and the program is told to stop."""
    await database.write(lambda tx: save(tx, "a"))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = database.path.with_name(database.path.name + "-wal")
    # A write beyond the limit fails with EFBIG, which SQLite takes for an input/output error.
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 4096, limits[1]))
    try:
        with pytest.raises(StoreUnavailable, match="the disk reported an error"):
            await database.write(save_big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (
        await asyncio.wait_for(database.failed(), 2)
        == "the disk reported an error; nothing was saved"
    )
    with pytest.raises(StoreUnavailable, match="the disk reported an error"):
        await database.write(lambda tx: save(tx, "b"))
    assert await is_saved(database, "a", "b") == [True, False]


async def test_a_file_that_was_moved_is_written_no_more(database: Database) -> None:
    """Calls saved into a file nobody will open again would be dialled twice."""
    moved = database.path.rename(database.path.with_name("moved.db"))
    with pytest.raises(StoreUnavailable, match="moved, deleted or replaced"):
        await database.write(lambda tx: save(tx, "a"))
    moved.rename(database.path)
    with pytest.raises(StoreUnavailable, match="moved, deleted or replaced"):
        await database.write(lambda tx: save(tx, "a"))
    assert "moved" in await asyncio.wait_for(database.failed(), 2)


async def test_closing_finishes_what_was_handed_over(path: Path) -> None:
    """Then nothing is taken any more, and all of it is in the file."""
    database = await Database.open(path)
    async with busy_writer(database):
        pieces = [asyncio.ensure_future(database.write(add_call)) for _ in range(9)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(database.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="closed"):
            await database.write(add_call)
    await closing
    assert list(range(1, 10)) == await asyncio.gather(*pieces)
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.read(lambda tx: tx.call(1))
    await database.close()
    again = await Database.open(path, busy_timeout=timedelta(seconds=1))
    assert len(await again.read(lambda tx: tx.list_calls(requested_by=None))) == 9
    await again.close()
