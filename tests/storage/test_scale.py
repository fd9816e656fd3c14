"""However many calls wait, what is asked all the time is found through an index."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.call import AttemptState
from bot.domain.call_state import CallState
from bot.ports import Transaction
from storage.database import Database
from storage.opening import open_writer
from storage.transaction import SqliteTransaction
from tests.support.made import NOW, request
from tests.support.seed import seed_calls

Question = Callable[[Transaction], object]

WAITING = 20_000
FEW = 2_000  # steps of SQLite's machine: an index is searched in dozens, a table in thousands

QUESTIONS: dict[str, Question] = {
    "next_due_at": lambda tx: tx.next_due_at(),
    "due_calls": lambda tx: tx.due_calls(now=NOW + timedelta(days=1), limit=5),
    "due_calls, none due": lambda tx: tx.due_calls(now=NOW - timedelta(days=1), limit=5),
    "untold_calls": lambda tx: tx.untold_calls(now=NOW + timedelta(days=1), reason="full", among=5),
    "overdue_calls": lambda tx: tx.overdue_calls(now=NOW + timedelta(days=1), limit=5),
    "calls_to_cancel": lambda tx: tx.calls_to_cancel(),
    "list of all": lambda tx: tx.list_calls(requested_by=None, limit=5),
    "list of one": lambda tx: tx.list_calls(requested_by="U001", limit=5),
    "list of none": lambda tx: tx.list_calls(requested_by="U001", states=[CallState.PLACED]),
    "call": lambda tx: tx.call(WAITING // 2),
    "call_by_dedupe_key": lambda tx: tx.call_by_dedupe_key("seed:7"),
    "call_by_voice_call_id": lambda tx: tx.call_by_voice_call_id("robo_1"),
    "twin_of": lambda tx: tx.twin_of(request(), since=NOW - timedelta(minutes=2)),
    "attempt_by_token": lambda tx: tx.attempt_by_token(b"t" * 16),
    "attempts_in": lambda tx: tx.attempts_in([AttemptState.UNKNOWN]),
    "attempts_to_check": lambda tx: tx.attempts_to_check(now=NOW, limit=5),
    "recent_requests": lambda tx: tx.recent_requests(since=NOW),
    "outstanding": lambda tx: tx.outstanding(now=NOW),
    "outbox_pending": lambda tx: tx.outbox_pending(now=NOW, limit=5),
    "outbox_next_at": lambda tx: tx.outbox_next_at(),
}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteTransaction]:
    """Many waiting calls, each with an attempt long done and a message long sent."""
    path = tmp_path_factory.mktemp("scale") / "robocall.db"
    connection = open_writer(path, busy_timeout=timedelta(seconds=1), trace=None)
    seed_calls(path, WAITING, first_due_at=NOW)
    connection.execute("begin immediate")
    connection.execute(
        "insert into attempts (call_id, attempt_no, token, phone_number, state, claimed_at,"
        " sending_at, settled_at) select id, 1, randomblob(16), phone_number, 'done', 0, 0, 0"
        " from calls"
    )
    connection.execute(
        "insert into outbox (kind, call_id, channel, state, not_before, created_at)"
        " select 'card', id, channel, 'sent', 0, 0 from calls"
    )
    connection.execute("commit")
    yield SqliteTransaction(connection)
    connection.close()


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_costs_the_same_however_many_wait(seeded: SqliteTransaction, name: str) -> None:
    """SQLite's own steps are counted, so the speed of the machine does not matter."""
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    seeded.connection.set_progress_handler(count, 1)
    QUESTIONS[name](seeded)
    seeded.connection.set_progress_handler(None, 1)
    assert 0 < steps < FEW


async def test_seeded_calls_are_whole_calls(tmp_path: Path) -> None:
    """What the measurements run on is what the bot would have stored."""
    path = tmp_path / "robocall.db"
    await (await Database.open(path)).close()
    seed_calls(path, 3, first_due_at=NOW)
    database = await Database.open(path)
    [first] = await database.read(lambda tx: tx.due_calls(now=NOW, limit=9))
    assert (first.state, first.due_at) == (CallState.SCHEDULED, NOW)
    assert first.request.variables["name"] == "Ann 0"
    assert await database.read(lambda tx: tx.next_due_at()) == NOW
    await database.close()
