"""`robocall export`: the whole log, harmless in a spreadsheet, beside a running bot."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import export
from bot.__main__ import main
from bot.domain.call_state import CallState
from bot.ports import Transaction
from storage.database import Database, DatabaseRefused
from tests.support.made import NOW, request

COLUMNS = [
    "id",
    "campaign_id",
    "phone_number",
    "message",
    "audio_url",
    "state",
    "result",
    "digit",
    "goal_met",
    "attempts",
    "duration",
    "requested_by",
    "channel",
    "thread_ts",
    "voice_call_id",
    "created_at",
    "due_at",
    "placed_at",
    "answered_at",
    "ended_at",
]


async def made(path: Path, *messages: str) -> Database:
    """An open database with a waiting call for each message."""
    database = await Database.open(path)

    def work(tx: Transaction) -> None:
        for number, message in enumerate(messages):
            tx.add_call(
                replace(request(), message=message),
                state=CallState.SCHEDULED,
                created_at=NOW,
                due_at=NOW,
                expires_at=NOW,
                dedupe_key=f"test:{number}",
            )

    await database.write(work)
    return database


def exported(path: Path, form: str) -> str:
    """What export writes."""
    out = io.StringIO(newline="")
    export.write(path, out, form=form)
    return out.getvalue()


async def test_csv_has_the_documented_columns_and_every_call(tmp_path: Path) -> None:
    """The columns of design 3.6 in their order, a row for each call, oldest first."""
    path = tmp_path / "robocall.db"
    await (await made(path, "Hello, Ann", "Line one\nline two", 'Say "yes"')).close()
    rows = list(csv.DictReader(io.StringIO(exported(path, "csv"), newline="")))
    assert list(rows[0]) == COLUMNS
    assert [row["message"] for row in rows] == ["Hello, Ann", "Line one\nline two", 'Say "yes"']
    assert {row["state"] for row in rows} == {"scheduled"}
    assert {row["created_at"] for row in rows} == {"2026-11-23T10:00:00.000Z"}
    assert {row["result"] for row in rows} == {""}


async def test_json_lines_keep_types_and_letters(tmp_path: Path) -> None:
    """One object a line; numbers stay numbers, nothing stays null, no letter is escaped."""
    path = tmp_path / "robocall.db"
    await (await made(path, "Grüße, 你好")).close()
    text = exported(path, "jsonl")
    (row,) = [json.loads(line) for line in text.splitlines()]
    assert "Grüße, 你好" in text
    assert list(row) == COLUMNS
    assert (row["attempts"], row["result"], row["phone_number"]) == (0, None, "+14155550123")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
async def test_no_cell_is_a_formula(tmp_path: Path, start: str) -> None:
    """A spreadsheet must not run what somebody wrote into a message (A7); nothing is lost."""
    path = tmp_path / "robocall.db"
    message = f'{start}HYPERLINK("http://evil.example","bank")'
    await (await made(path, message)).close()
    (row,) = csv.DictReader(io.StringIO(exported(path, "csv"), newline=""))
    assert row["message"] == f"'{message}"
    assert row["phone_number"] == "'+14155550123"
    (as_json,) = [json.loads(line) for line in exported(path, "jsonl").splitlines()]
    assert as_json["message"] == message


@pytest.mark.parametrize(("value", "cell"), [(-3, -3), (None, None), ("a=b", "a=b"), ("", "")])
def test_harmless_cells_are_left_alone(value: Any, cell: Any) -> None:
    """Only text that begins like a formula gets the apostrophe."""
    assert export.harmless(value) == cell


async def test_an_empty_database_gives_the_columns_alone(tmp_path: Path) -> None:
    """A header in CSV, nothing in JSON lines."""
    path = tmp_path / "robocall.db"
    await (await made(path)).close()
    assert exported(path, "csv") == ",".join(COLUMNS) + "\r\n"
    assert exported(path, "jsonl") == ""


async def test_it_runs_beside_the_bot(tmp_path: Path) -> None:
    """What is committed a moment ago is exported while the bot has the file open."""
    path = tmp_path / "robocall.db"
    database = await made(path, "Hello")
    assert "Hello" in exported(path, "csv")
    await database.write(lambda tx: tx.save_setting("still", "writable"))
    await database.close()


def test_a_missing_file_is_told_and_not_made(tmp_path: Path) -> None:
    """A typo in the path must not leave an empty database behind."""
    path = tmp_path / "nothing.db"
    with pytest.raises(DatabaseRefused, match="There is no database at"):
        exported(path, "csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"hello, world\n" * 100, b"sqlite"])
def test_another_file_is_told(tmp_path: Path, content: bytes) -> None:
    """A text, an empty file, or the database of another program is no log of ours."""
    path = tmp_path / "other.db"
    if content == b"sqlite":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("create table songs (title text)")
    else:
        path.write_bytes(content)
    with pytest.raises(DatabaseRefused, match="is not a database of Robocall"):
        exported(path, "csv")


async def test_the_command_writes_to_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a token or key: ROBOCALL_DB says which file, CSV is the default."""
    path = tmp_path / "robocall.db"
    await (await made(path, "Hello")).close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROBOCALL_DB", str(path))
    assert main(["export"]) == 0
    assert capsys.readouterr().out.startswith("id,campaign_id,phone_number")
    monkeypatch.delenv("ROBOCALL_DB")
    assert main(["export", "--db", str(path), "--format", "jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["message"] == "Hello"


async def test_the_command_writes_to_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As UTF-8, and says how many calls it were."""
    path, out = tmp_path / "robocall.db", tmp_path / "calls.csv"
    await (await made(path, "Grüße", "Hello")).close()
    assert main(["export", "--db", str(path), "--output", str(out)]) == 0
    assert capsys.readouterr().err == f"2 calls written to {out}\n"
    assert "Grüße" in out.read_text(encoding="utf-8")


def test_a_failed_export_leaves_the_old_file_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Yesterday's export is not emptied by today's typo."""
    out = tmp_path / "calls.csv"
    out.write_text("yesterday")
    assert main(["export", "--db", str(tmp_path / "no.db"), "--output", str(out)]) == 1
    assert "There is no database" in capsys.readouterr().err
    assert out.read_text() == "yesterday"


async def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence and exit status 1, no stack trace."""
    path, out = tmp_path / "robocall.db", tmp_path / "no-such-folder" / "calls.csv"
    await (await made(path)).close()
    assert main(["export", "--db", str(path), "--output", str(out)]) == 1
    assert capsys.readouterr().err == "Cannot go on: No such file or directory\n"
