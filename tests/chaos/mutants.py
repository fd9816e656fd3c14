"""Known-bad edits of the product: each must be noticed, or the campaigns prove nothing.

A mutant is put on at run time, in the test's own process or in the bot's (`launch`), and
touches no file (fault-catalogue 6.7).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bot.domain.call import AttemptState
from bot.domain.call_state import CallState
from bot.domain.outcome import NotSent
from bot.domain.retry_policy import RetryAt
from bot.domain.step import Step
from bot.domain.timeline import EventName
from bot.ports import Transaction
from tests.chaos.crash_points import find

Change = Callable[[Any], Any]
"""From the right function to the wrong one."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One wrong function in place of a right one.

    `shows` is how a process must die to show it, or what the line must do; '' if the model
    notices it. `breaks` is the promise that the checker then misses.
    """

    where: str
    change: Change
    shows: str = ""
    breaks: str = ""

    def apply(self) -> None:
        """For the rest of this process."""
        owner, name = find(self.where)
        setattr(owner, name, self.change(getattr(owner, name)))


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """The product with that mistake in it."""
    mutant = MUTANTS[name]
    owner, attribute = find(mutant.where)
    right = getattr(owner, attribute)
    mutant.apply()
    try:
        yield
    finally:
        setattr(owner, attribute, right)


# --- the mistakes ----------------------------------------------------------------------------


def _believes_nothing_was_sent(settle: Any) -> Any:
    def wrong(tx: Transaction, attempt_id: int, _: Any, **more: Any) -> None:
        settle(tx, attempt_id, NotSent(reason="the bot was restarted"), **more)

    return wrong


def _marks_nothing(_: Any) -> Any:
    return lambda *_args, **_more: None


def _marks_without_asking(_: Any) -> Any:
    def wrong(tx: Transaction, attempt_id: int, *, now: Any) -> None:
        attempt = tx.attempt(attempt_id)
        assert attempt is not None
        call = tx.call(attempt.call_id)
        assert call is not None
        tx.update_attempt(attempt_id, state=AttemptState.SENDING, sending_at=now)
        tx.update_call(call.id, attempts=call.attempts + 1)

    return wrong


def _drops_what_it_does_not_expect(apply: Any) -> Any:
    def wrong(self: Any, tx: Any, call: Any, attempt: Any, *rest: Any, **more: Any) -> None:
        if attempt.voice_call_id is not None:
            apply(self, tx, call, attempt, *rest, **more)

    return wrong


def _goes_back(_: Any) -> Any:
    def wrong(*_args: Any, **_more: Any) -> Step:
        return Step(name=EventName.ANSWERED, call={"state": CallState.IN_PROGRESS}, is_told=True)

    return wrong


def _dials_after_silence(hold: Any) -> Any:
    def wrong(self: Any, tx: Transaction, attempt: Any, now: Any) -> None:
        hold(self, tx, attempt, now)
        call = tx.call(attempt.call_id)
        if call and call.held_at:
            tx.update_call(call.id, state=CallState.QUEUED, held_at=None)
            tx.show_card(call.id, now=now)

    return wrong


def _retries_for_ever(decide: Any) -> Any:
    def wrong(call: Any, *, result: str, goal_met: bool, now: Any) -> Any:
        if result == "busy":
            return RetryAt(at=now + call.request.retry_delay)
        return decide(call, result=result, goal_met=goal_met, now=now)

    return wrong


def _takes_every_delivery(request: Any) -> Any:
    numbers = itertools.count()

    async def wrong(self: Any, asked: Any, *, dedupe_key: str, **more: Any) -> Any:
        return await request(self, asked, dedupe_key=f"{dedupe_key} {next(numbers)}", **more)

    return wrong


def _takes_every_button(refusal: Any) -> Any:
    def wrong(call: Any, _: Any, event: Any, *, by: Any) -> Any:
        return refusal(call, call.attempt_id if call else None, event, by=by)

    return wrong


def _forgets_the_last_minute(_: Any) -> Any:
    return lambda *_args, **_more: []


async def _nothing(*_: Any, **__: Any) -> None:
    return None


def _does_nothing(_: Any) -> Any:
    return _nothing


def _tells_nobody(_: Any) -> Any:
    return lambda *_args, **_more: None


def _blames_the_line(_: Any) -> Any:
    return lambda exchange: NotSent(reason=exchange.reason)


def _logs_numbers(place_call: Any) -> Any:
    async def wrong(self: Any, call: Any, mark: Any) -> Any:
        print("dialling", call.request.phone_number, flush=True)  # noqa: T201 - the mistake
        return await place_call(self, call, mark)

    return wrong


_DISPATCH = "bot.services.dispatch_calls"
_RECONCILE = "bot.services.reconcile_calls"

MUTANTS = {
    "redial_on_restart": Mutant(where=f"{_RECONCILE}:settle", change=_believes_nothing_was_sent),
    "no_late_mark": Mutant(where=f"{_DISPATCH}:mark_sending", change=_marks_nothing),
    "mark_without_asking": Mutant(where=f"{_DISPATCH}:mark_sending", change=_marks_without_asking),
    "drop_unknown_hook": Mutant(
        where="bot.services.record_event:RecordEvent._apply",
        change=_drops_what_it_does_not_expect,
    ),
    "regress_state": Mutant(where="bot.domain.line_news:_answered", change=_goes_back),
    "redial_after_silence": Mutant(
        where=f"{_RECONCILE}:ReconcileCalls._hold", change=_dials_after_silence
    ),
    "retry_for_ever": Mutant(where="bot.domain.line_news:retry_decision", change=_retries_for_ever),
    "take_every_delivery": Mutant(
        where="bot.services.request_calls:RequestCalls.request", change=_takes_every_delivery
    ),
    "take_every_button": Mutant(
        where="bot.services.redial_calls:_refusal", change=_takes_every_button
    ),
    "forget_the_last_minute": Mutant(
        where="storage.attempts:Attempts.recent_requests", change=_forgets_the_last_minute
    ),
    "no_recovery": Mutant(where=f"{_RECONCILE}:ReconcileCalls.recover", change=_does_nothing),
    "tell_nobody": Mutant(where="bot.services.settle_attempt:tell", change=_tells_nobody),
    "retry_on_timeout": Mutant(
        where="bot.voice.outcomes:_lost_or_not_sent",
        change=_blames_the_line,
        shows="drop_after",
        breaks="N2",
    ),
    "post_without_looking": Mutant(
        where="bot.slack.courier:Courier._find_card",
        change=_does_nothing,
        shows="outbox.after_post/1",
        breaks="N7",
    ),
    "redial_after_a_kill": Mutant(
        where=f"{_RECONCILE}:settle",
        change=_believes_nothing_was_sent,
        shows="answer.before_read/1",
        breaks="N2",
    ),
    "log_numbers": Mutant(
        where="bot.voice.client:HttpVoiceService.place_call",
        change=_logs_numbers,
        shows="commit.after/9",
        breaks="N12",
    ),
}
