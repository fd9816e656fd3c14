from __future__ import annotations

import re
from pathlib import Path

from bot import demo
from bot.config import Settings
from bot.slack.help import PROMISE

README = Path(__file__).resolve().parent.parent / "README.md"


def _alike(thread: str) -> str:
    """Without what differs from run to run: the time of day, and how long it took."""
    clocks = re.sub(r"\b\d\d:\d\d\b", "HH:MM", thread.strip())
    return re.sub(r"\b\d+ seconds?\b", "N seconds", clocks)


async def test_the_printed_thread_of_the_readme_is_what_the_demo_prints() -> None:
    """Somebody who tries it sees what the README showed."""
    text = README.read_text(encoding="utf-8")
    shown = re.search(r"<!-- printed by: robocall demo --once -->\n```text\n(.*?)```", text, re.S)
    assert shown is not None
    async with demo.stage(speed=20.0) as on:
        thread = await demo.play(on)
        assert await demo.what_is_missing(on, thread) == []
    assert _alike(thread) == _alike(shown[1])


def test_the_promise_of_the_readme_is_that_of_the_help() -> None:
    """Word for word the same in both places (design.md 2)."""
    quoted = re.sub(r"\n> ", " ", README.read_text(encoding="utf-8"))
    assert PROMISE in quoted


def test_the_readme_lists_exactly_the_settings() -> None:
    """The one documented table knows every setting, and none that is not there."""
    table = README.read_text(encoding="utf-8").split("## Settings")[1].split("## Commands")[0]
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.M))
    assert listed == {name.upper() for name in Settings.model_fields}
