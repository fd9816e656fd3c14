"""`robocall export`: every call of the log as CSV or JSON lines, beside a running bot."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TextIO

from storage.reading import call_log

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write(path: Path, out: TextIO, *, form: str) -> int:
    """Write the documented view `call_log` (design.md 3.6), `csv` or `jsonl`; how many calls.

    Raises DatabaseRefused.
    """
    with call_log(path) as (columns, rows):
        return _FORMS[form](columns, rows, out)


def write_file(path: Path, target: Path, *, form: str) -> int:
    """The same into a file, which is touched only once the log is known to be readable.

    Raises DatabaseRefused, and OSError if the file cannot be written.
    """
    with (
        call_log(path) as (columns, rows),
        target.open("w", encoding="utf-8", newline="") as out,
    ):
        return _FORMS[form](columns, rows, out)


def _as_json_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> int:
    count = 0
    for row in rows:
        out.write(json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n")
        count += 1
    return count


def _as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO) -> int:
    writer = csv.writer(out)
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([harmless(value) for value in row])
        count += 1
    return count


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula (fault-catalogue A7).

    The + of a phone number is such a beginning too.
    """
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


_FORMS = {"csv": _as_csv, "jsonl": _as_json_lines}
