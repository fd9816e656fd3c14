from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain import brake, patience
from bot.domain.brake import RELEASED, pulled
from bot.domain.call import goal_is_met
from bot.domain.call_state import CallState
from bot.domain.dial_policy import PlanLimits, allowance
from bot.domain.errors import InvalidRequest, VoiceRefused
from bot.domain.result import RETRYABLE, Result
from bot.domain.retry_policy import GiveUp, RetryAt, retry_decision
from tests.support import made
from tests.support.made import NOW

MINUTE = timedelta(minutes=1)


def seconds(n: float) -> timedelta:
    """Short for a timedelta."""
    return timedelta(seconds=n)


# --- goals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("goal", "digits", "result", "met"),
    [
        ("answered", "", "answered", True),
        ("answered", "1", "voicemail", False),
        ("answered", "", None, False),
        ("any_key", "", "answered", False),
        ("any_key", "2", None, True),
        ("1", "2", "answered", False),
        ("1", "21", None, True),
    ],
)
def test_a_goal_is_met_by_what_the_sender_counts(
    goal: str, digits: str, result: str | None, met: bool
) -> None:
    """Reached is not confirmed: each goal looks at its own fact."""
    assert goal_is_met(goal, digits=digits, result=result) is met


# --- retries -------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [*Result, "a_word_of_2031"])
def test_only_the_results_the_sender_chose_are_dialled_again(result: str) -> None:
    """By default busy and no answer; a word we do not know is never retried."""
    call = made.call(retries_left=2)
    decision = retry_decision(call, result=result, goal_met=False, now=NOW)
    expected = RetryAt(at=NOW + timedelta(minutes=5)) if result in {"busy", "no_answer"} else None
    assert decision == (expected or GiveUp())


@pytest.mark.parametrize("result", RETRYABLE)
def test_each_retryable_result_can_be_switched_on(result: Result) -> None:
    """Each of busy, no answer, voicemail, failed has its own yes."""
    call = made.call(
        retries_left=1,
        request=made.request(retry_on=frozenset({result}), retry_delay=timedelta()),
    )
    assert retry_decision(call, result=result, goal_met=False, now=NOW) == RetryAt(at=NOW)


def test_a_reached_goal_a_cancelled_call_and_a_used_up_rule_end_it() -> None:
    """No more dialling once it worked, was stopped, or was tried often enough."""
    busy: dict[str, Any] = {"result": "busy", "now": NOW}
    assert retry_decision(made.call(retries_left=1), goal_met=True, **busy) == GiveUp()
    assert retry_decision(made.call(retries_left=0), goal_met=False, **busy) == GiveUp()
    stopped = made.call(retries_left=1, cancel_requested_at=NOW)
    assert retry_decision(stopped, goal_met=False, **busy) == GiveUp()


def test_a_call_is_being_cancelled_until_it_ended() -> None:
    """The wish to stop is open only while the call is."""
    assert made.call(cancel_requested_at=NOW).is_cancelling
    assert not made.call(cancel_requested_at=NOW, state=CallState.ENDED).is_cancelling


# --- the plan's limits ---------------------------------------------------------------------

LIMITS = PlanLimits(calls_per_minute=3, concurrent_calls=2)


def test_an_idle_plan_allows_as_many_as_there_are_lines() -> None:
    """Nothing was dialled: the smaller of both limits counts."""
    assert allowance(LIMITS, recent=[], outstanding=0, now=NOW).calls == 2


def test_the_rate_holds_over_any_sixty_seconds() -> None:
    """Three in the last minute: wait until the oldest is sixty seconds old."""
    recent = [NOW - seconds(50), NOW - seconds(20), NOW - seconds(1)]
    refused = allowance(LIMITS, recent=recent, outstanding=0, now=NOW)
    assert (refused.calls, refused.look_again_at) == (0, NOW + seconds(10))
    assert refused.reason == "the plan allows 3 calls a minute"
    assert allowance(LIMITS, recent=recent, outstanding=0, now=NOW + seconds(10)).calls == 1


def test_more_than_the_limit_in_the_window_waits_for_the_right_one() -> None:
    """After a change to a smaller plan several must grow old, not only the first."""
    recent = [NOW - seconds(50), NOW - seconds(40), NOW - seconds(30), NOW - seconds(20)]
    refused = allowance(LIMITS, recent=recent, outstanding=0, now=NOW)
    assert refused.look_again_at == NOW + seconds(20)


def test_a_clock_set_back_does_not_hold_up_the_calls() -> None:
    """Requests that seem to lie ahead are from before the clock was set back."""
    ahead = [NOW + timedelta(hours=1)] * 3
    assert allowance(LIMITS, recent=ahead, outstanding=0, now=NOW).calls == 2
    assert not brake.Brake(failures=1, until=NOW + timedelta(hours=2)).holds(NOW)


def test_busy_lines_wait_for_news() -> None:
    """With every line taken there is no time to name: an event will tell."""
    refused = allowance(LIMITS, recent=[], outstanding=2, now=NOW)
    assert (refused.calls, refused.look_again_at) == (0, None)
    assert refused.reason == "the plan allows 2 calls at once"


# --- the brake -----------------------------------------------------------------------------


def test_the_brake_waits_twice_as_long_each_time_and_then_lets_one_go_first() -> None:
    """2, 4, 8 seconds ... at most five minutes; released it holds nothing."""
    assert not RELEASED.holds(NOW)
    assert not RELEASED.is_probing
    first = pulled(RELEASED, reason="refused", now=NOW)
    assert first.holds(NOW + seconds(1.9))
    assert not first.holds(NOW + seconds(2))
    assert first.is_probing
    second = pulled(first, reason="refused", now=NOW + seconds(2))
    assert second.until == NOW + seconds(6)
    late = brake.Brake(failures=50, reason="refused", until=NOW)
    assert pulled(late, reason="refused", now=NOW).until == NOW + brake.AT_MOST


def test_calls_that_fail_together_count_once() -> None:
    """Twenty calls under way when the line drops are one failure, not twenty."""
    first = pulled(RELEASED, reason="refused", now=NOW)
    again = pulled(first, reason="429", now=NOW + seconds(1), wait=seconds(7))
    assert (again.failures, again.until) == (1, NOW + seconds(8))
    assert pulled(first, reason="x", now=NOW + seconds(1)).until == NOW + seconds(2)


def test_a_named_wait_is_obeyed() -> None:
    """429 with Retry-After: 7 waits seven seconds."""
    assert pulled(RELEASED, reason="429", now=NOW, wait=seconds(7)).until == NOW + seconds(7)


# --- patience ------------------------------------------------------------------------------


def test_silence_is_at_least_three_minutes_and_grows_with_what_is_known() -> None:
    """T = max(3 min, wait + ring 60 s + message + 2 min) (fault-catalogue 3.5)."""
    short, long = made.request(), made.request(message="{{x}}", variables={"x": "y" * 14 * 30})
    assert patience.silence(short, now=NOW, starts_at=None) == 3 * MINUTE + seconds(2)
    assert patience.silence(short, now=NOW, starts_at=NOW - MINUTE) == 3 * MINUTE + seconds(2)
    assert patience.silence(made.request(message=""), now=NOW, starts_at=None) >= 3 * MINUTE
    later = patience.silence(long, now=NOW, starts_at=NOW + 50 * MINUTE)
    assert later == 53 * MINUTE + seconds(30)


def test_with_webhooks_the_service_is_asked_at_t_2t_4t() -> None:
    """Asking backs off, since news should have come by itself."""
    first, second, third = (
        patience.next_check(made.request(), now=NOW, starts_at=None, checks=n, is_listening=True)
        - NOW
        for n in range(3)
    )
    assert first == patience.silence(made.request(), now=NOW, starts_at=None)
    assert (second, third) == (2 * first, 4 * first)


def test_without_webhooks_the_service_is_asked_soon_and_often() -> None:
    """Two seconds after it starts, then slower, at most every half minute."""
    soon = patience.next_check(
        made.request(), now=NOW, starts_at=NOW + MINUTE, checks=0, is_listening=False
    )
    assert soon == NOW + MINUTE + seconds(2)
    late = patience.next_check(
        made.request(), now=NOW, starts_at=NOW, checks=99, is_listening=False
    )
    assert late == NOW + seconds(30)


# --- errors --------------------------------------------------------------------------------


def test_errors_carry_what_the_person_needs() -> None:
    """All problems are in the text, and a refusal keeps its status and words."""
    error = InvalidRequest({"to": "No number.", "message": "No text."})
    assert str(error) == "No number.; No text."
    refused = VoiceRefused(409, "already ringing")
    assert (refused.code, refused.reason) == (409, "already ringing")
    assert str(refused) == "already ringing"
