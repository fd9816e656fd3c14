"""Histories that once broke the promise; they run for ever (fault-catalogue 6.9)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.model import Promise


@pytest.fixture
def world() -> Iterator[Promise]:
    """A world that calms down after the test, and is then looked at once more."""
    made = Promise()
    yield made
    made.teardown()


def test_a_second_cancel_is_answered_though_the_clock_stands_still(world: Promise) -> None:
    """It was taken for the first one, and nobody was told that it came too late."""
    world.ask(retries=0, is_later=False)
    world.a_webhook_comes(pick=0, which=0, times=1)
    world.cancel(pick=0)
    world.nobody_can_be_asked(is_down=True)
    world.cancel(pick=0)
    world.nobody_can_be_asked(is_down=False)
    world.time_passes(seconds=0)
    world.the_promise_is_kept()
    told = [e.detail["why"] for e in world.tx.events_of(1) if e.event == "cancel_failed"]
    assert told == ["too_late", "unreachable", "too_late"]


def test_a_press_that_was_refused_rings_nobody_when_slack_repeats_it(world: Promise) -> None:
    """Call again on a ringing call, then a cancel, then the same delivery once more."""
    world.ask(retries=0, is_later=False)
    world.call_again(pick=0, is_stale=False)
    world.cancel(pick=0)
    world.slack_repeats_a_press(pick=0)
    world.the_promise_is_kept()
