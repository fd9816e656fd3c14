"""A process that saves calls until it is killed: python -m tests.storage.crashing_writer FILE."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.ports import Transaction
from storage.database import Database
from tests.storage.rows import add_call, add_event
from tests.support.made import NOW

AT_ONCE = 20


def save(tx: Transaction) -> int:
    """Three rows that belong together."""
    call_id = add_call(tx)
    add_event(tx, call_id, event="requested")
    tx.show_card(call_id, now=NOW)
    return call_id


async def keep_saving(database: Database) -> None:
    """Print the id of each call once it is saved."""
    while True:
        print(await database.write(save), flush=True)  # noqa: T201 - the parent reads it


async def main(path: Path) -> None:
    """Save from many sides at once, for ever."""
    database = await Database.open(path)
    await asyncio.gather(*(keep_saving(database) for _ in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
