"""Logs as an operator reads them: text for people, JSON for machines, nothing private."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs
from tests.support.logs import logging_put_back


@pytest.fixture(autouse=True)
def _put_back() -> Iterator[None]:
    with logging_put_back():
        yield


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of standard error; nothing ever goes to standard output."""
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.splitlines()


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Event, level, time in UTC and the fields; the standard library's lines look the same."""
    logs.configure(level="info", is_json=True)
    structlog.get_logger("bot.test").info("call.placed", attempt=7)
    logging.getLogger("somebody").warning("careful, %s", "now")
    ours, theirs = [json.loads(line) for line in said(capsys)]
    assert (ours["event"], ours["level"], ours["attempt"]) == ("call.placed", "info", 7)
    assert ours["timestamp"].endswith("Z")
    assert (theirs["event"], theirs["level"]) == ("careful, now", "warning")


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """One readable line; no colours where nobody can see them."""
    logs.configure(level="info", is_json=False)
    structlog.get_logger("bot.test").warning("stop.cut", tasks=2)
    (line,) = said(capsys)
    assert "stop.cut" in line
    assert "tasks=2" in line
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_hides_what_is_below_it(
    level: str, shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """For our own lines and for those of others."""
    logs.configure(level=level, is_json=True)
    for each in ("debug", "info", "warning", "error"):
        getattr(structlog.get_logger("bot.test"), each)("ours")
        getattr(logging.getLogger("somebody"), each)("theirs")
    lines = [json.loads(line) for line in said(capsys)]
    assert [line["level"] for line in lines if line["event"] == "ours"] == shown
    assert [line["level"] for line in lines if line["event"] == "theirs"] == shown


@pytest.mark.parametrize("name", logs.NOISY)
def test_the_libraries_payloads_are_never_logged(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even at debug: there they log bodies and whole addresses, with numbers and tokens (A8)."""
    logs.configure(level="debug", is_json=False)
    logger = logging.getLogger(f"{name}.inner")
    logger.debug("body: +14155550123")
    logger.info("POST /voice/events/secret")
    logger.warning("slow")
    (line,) = said(capsys)
    assert "slow" in line


def test_a_library_that_sets_its_own_level_is_not_heard(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Bolt gives its loggers the root's level: at debug they would log each command whole."""
    logs.configure(level="debug", is_json=False)
    logger = logging.getLogger("slack_bolt.AsyncApp")
    logger.setLevel(logging.DEBUG)
    try:
        logger.debug("Received message: +14155550123")
        logger.warning("slow")
    finally:
        logger.setLevel(logging.NOTSET)
    (line,) = said(capsys)
    assert "slow" in line


def test_a_higher_level_holds_for_the_libraries_too(capsys: pytest.CaptureFixture[str]) -> None:
    """`robocall check` wants errors only."""
    logs.configure(level="error", is_json=False)
    logging.getLogger("slack_bolt").warning("unhandled request")
    assert said(capsys) == []
