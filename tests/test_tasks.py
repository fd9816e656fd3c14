"""Background work: owned, logged without its words when it fails, finished or cut at the end."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.tasks import TaskSet


@pytest.fixture
def tasks() -> TaskSet:
    """Nothing under way."""
    return TaskSet()


async def test_it_knows_what_is_under_way(tasks: TaskSet) -> None:
    """Begun is counted, finished is forgotten."""
    go = asyncio.Event()
    tasks.start(go.wait(), name="waiting")
    assert len(tasks) == 1
    go.set()
    await tasks.settle()
    assert len(tasks) == 0


async def test_a_failure_is_logged_without_its_text(tasks: TaskSet) -> None:
    """The name, the kind and the place: the text of an error may carry a number or a token."""

    async def fails() -> None:
        raise ValueError("could not ring +14155550123 with xoxb-secret")

    with capture_logs() as logs:
        tasks.start(fails(), name="dispatch.dial")
        await tasks.settle()
    (line,) = logs
    assert (line["log_level"], line["event"]) == ("error", "task.failed")
    assert (line["task"], line["error"], line["file"]) == (
        "dispatch.dial",
        "ValueError",
        "test_tasks.py",
    )
    assert isinstance(line["line"], int)
    assert "+1415" not in str(logs)
    assert "xoxb" not in str(logs)


async def test_settling_waits_for_what_begins_meanwhile(tasks: TaskSet) -> None:
    """Work that starts more work is one piece for whoever waits."""
    done: list[str] = []

    async def second() -> None:
        await asyncio.sleep(0)
        done.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        tasks.start(second(), name="second")
        done.append("first")

    tasks.start(first(), name="first")
    await tasks.settle()
    assert done == ["first", "second"]


async def test_draining_lets_work_finish(tasks: TaskSet) -> None:
    """What ends in time is not cut."""
    done: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("saved")

    tasks.start(work(), name="work")
    assert await tasks.drain(10) == 0
    assert done == ["saved"]
    assert await tasks.drain(10) == 0


async def test_draining_waits_for_what_begins_meanwhile(tasks: TaskSet) -> None:
    """A tick that was under way may still begin a dial: that one is finished too."""
    done: list[str] = []

    async def dial() -> None:
        await asyncio.sleep(0)
        done.append("settled")

    async def tick() -> None:
        await asyncio.sleep(0)
        tasks.start(dial(), name="dial")

    tasks.start(tick(), name="tick")
    assert await tasks.drain(10) == 0
    assert done == ["settled"]


async def test_draining_cuts_what_hangs(tasks: TaskSet) -> None:
    """It is told how much; what was cut could clean up, and is not an error."""
    cleaned: list[str] = []

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append("cleaned")

    with capture_logs() as logs:
        tasks.start(hangs(), name="one")
        tasks.start(hangs(), name="two")
        await asyncio.sleep(0)
        assert await tasks.drain(0.01) == 2
    assert cleaned == ["cleaned", "cleaned"]
    assert len(tasks) == 0
    assert logs == []
