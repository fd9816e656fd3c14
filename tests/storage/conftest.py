"""A real file for every test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from storage.database import Database
from storage.opening import open_writer
from storage.transaction import SqliteTransaction


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is, or will be."""
    return tmp_path / "robocall.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    """An open database that gives up on a foreign lock soon."""
    opened = await Database.open(path, busy_timeout=timedelta(milliseconds=50))
    yield opened
    await opened.close()


@pytest.fixture
def tx(path: Path) -> Iterator[SqliteTransaction]:
    """One transaction on a fresh file."""
    connection = open_writer(path, busy_timeout=timedelta(milliseconds=50), trace=None)
    connection.execute("begin immediate")
    yield SqliteTransaction(connection)
    connection.execute("commit")
    connection.close()
