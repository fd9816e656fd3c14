"""Histories nobody thought of, against the services and the real schema."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.chaos.model import Promise

QUICK = settings(
    max_examples=100,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=2000, stateful_step_count=50, derandomize=False)


def test_a_hundred_histories_keep_the_promise() -> None:
    """The same hundred every time, so that a failure is the fault of the change."""
    run_state_machine_as_test(Promise, settings=QUICK)


@pytest.mark.chaos
def test_thousands_of_histories_keep_the_promise() -> None:
    """Other ones every time; a failing one is printed, step by step."""
    run_state_machine_as_test(Promise, settings=LONG)
