"""The table: each figure beside its limit, measured in the same run."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line; `is_met` None where there is no target."""

    what: str
    bot: str
    beside: str = ""
    ratio: str = ""
    target: str = ""
    is_met: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """One part of the issue's item 10, with what its figures mean."""

    title: str
    beside: str
    rows: Sequence[Row]


def median_ratio(ours: Sequence[float], limit: Sequence[float]) -> float:
    """The median of the ratios of runs that followed each other: a machine's drift cancels out."""
    return statistics.median(a / b for a, b in zip(ours, limit, strict=True))


def ms(values: Sequence[float]) -> str:
    """The median of milliseconds."""
    middle = statistics.median(values)
    return f"{middle:.2f} ms" if middle < 10 else f"{middle:.0f} ms"


def seconds(values: Sequence[float]) -> str:
    """The median of seconds."""
    middle = statistics.median(values)
    return f"{middle:.2f} s" if middle < 10 else f"{middle:.0f} s"


def rate(values: Sequence[float]) -> str:
    """The median of a rate per second."""
    return f"{statistics.median(values):,.0f}/s"


def printed(sections: Sequence[Section]) -> str:
    """The whole table, in columns."""
    lines: list[tuple[str, ...] | str] = []
    for section in sections:
        lines += ["", section.title]
        lines.append(("", "the bot", section.beside, "ratio", "target", ""))
        lines += [_cells(row) for row in section.rows]
    cells = [line for line in lines if isinstance(line, tuple)]
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    return "\n".join(
        line if isinstance(line, str) else _line(line, widths) for line in lines
    ).strip()


def _cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "met", False: "MISSED", None: ""}[row.is_met]
    return (f"  {row.what}", row.bot, row.beside, row.ratio, row.target, verdict)


def _line(cells: tuple[str, ...], widths: Sequence[int]) -> str:
    first, *rest = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([first, *rest]).rstrip()
