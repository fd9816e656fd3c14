"""What must hold at every moment of the model, whatever has happened (N1 to N10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from bot.domain.call import Attempt, AttemptState, Call
from bot.domain.call_state import CallState
from bot.domain.result import RETRYABLE, Result
from tests.chaos.model_voice import Posted
from tests.chaos.model_world import Wish, World, looks
from tests.chaos.one_life import LIMITS

OF_THE_LINE = {"answered", "busy", "failed"}
WINDOW = timedelta(seconds=60)
WITH_THE_SERVICE = {CallState.PLACED, CallState.IN_PROGRESS}
UNTOLD = {CallState.DIALING, CallState.UNCONFIRMED, *WITH_THE_SERVICE}


def posts(world: World, wish: Wish) -> list[Posted]:
    """The requests for this wish that left the bot, but for those that were surely refused."""
    return [p for p in world.voice.posted if p.number == wish.number and p.fate != "paused"]


def _calls(world: World) -> list[tuple[Wish, Call]]:
    return [(wish, world.call(wish)) for wish in world.asked()]


def _newest(world: World, call: Call) -> Attempt | None:
    return world.tx.attempt(call.attempt_id) if call.attempt_id else None


def a_token_is_posted_once(world: World) -> None:
    """N1."""
    tokens = Counter(one.token for one in world.voice.posted)
    assert not [token for token, count in tokens.items() if count > 1], "N1"


def nobody_rings_twice(world: World) -> None:
    """N2: once, and once more for each press of a person and each retry of the sender's rule."""
    for wish in world.wishes:
        busy = [r for r in world.voice.rung if r.number == wish.number and r.result in RETRYABLE]
        allowed = 1 + wish.presses + min(wish.request.retries * (1 + wish.presses), len(busy))
        assert len(posts(world, wish)) <= allowed, "N2"
        if wish.presses == 0:
            assert len(posts(world, wish)) <= 1 + wish.request.retries, "N2 retries"


def a_stopped_call_does_not_ring(world: World) -> None:
    """N5: whoever was told that it is cancelled can rely on it."""
    for wish in world.wishes:
        if wish.stopped_after is not None:
            assert len(posts(world, wish)) == wish.stopped_after, "N5"


def states_are_true(world: World) -> None:
    """N6: what is said to have happened has happened, and what is in doubt is in doubt."""
    for wish, call in _calls(world):
        rang = [r for r in world.voice.rung if r.number == wish.number]
        attempt = _newest(world, call)
        if call.state in WITH_THE_SERVICE:
            assert rang, "N6 placed"
        if call.result in OF_THE_LINE:
            assert call.result in {r.result for r in rang}, "N6 result"
        if call.state is CallState.UNCONFIRMED:
            assert attempt is not None
            assert attempt.sending_at, "N6 unconfirmed, yet nothing was sent"
            assert attempt.state is AttemptState.UNKNOWN, "N6 unconfirmed, yet it is known"
        assert call.digits in ("", "1"), "one key was pressed once"


def news_is_believed(world: World) -> None:
    """W2: what a webhook has told and we have answered 200 to is not forgotten."""
    for _, call in _calls(world):
        attempt = _newest(world, call)
        told = [r.told for r in world.voice.rung if attempt and r.token == attempt.token]
        if any("completed" in one for one in told):
            assert call.state not in UNTOLD, "N6 it is over, and we were told"
        if any(told):
            assert call.state is not CallState.UNCONFIRMED, "N6 it rang, and we were told"


def an_end_is_an_end(world: World) -> None:
    """N8: only a person calls again; only the truth replaces `unknown`."""
    for _, call in _calls(world):
        before = world.results.get(call.id)
        if before is not None:
            assert call.state is CallState.ENDED, "N8"
            assert before in (call.result, Result.UNKNOWN), "N8"
        if call.state is CallState.ENDED and call.result:
            world.results[call.id] = call.result


def the_plan_is_kept(world: World) -> None:
    """N5: the calls of any minute, over restarts too."""
    times = [one.at for one in world.voice.posted]
    for at in times:
        count = sum(at - WINDOW < other <= at for other in times)
        assert count <= LIMITS.calls_per_minute, "N5 the plan"


def the_card_says_the_same(world: World) -> None:
    """N4, N7: every change asks for the card, and no event is told twice."""
    for _, call in _calls(world):
        assert world.shown.get(call.id) == looks(call), "N4"
    told = world.connection.execute(
        "select event_id from outbox where kind = 'reply' group by event_id having count(*) > 1"
    ).fetchall()
    assert told == [], "N7"


def attempts_are_counted(world: World) -> None:
    """A try that may have rung is counted, one that surely has not is not."""
    for wish, call in _calls(world):
        counted = [a for a in world.tx.attempts_of(call.id) if _may_have_rung(a)]
        assert call.attempts == len(counted) >= len(posts(world, wish)), "attempts"


def _may_have_rung(attempt: Attempt) -> bool:
    was_put_back = attempt.state is AttemptState.REJECTED and attempt.result != Result.REFUSED
    return attempt.sending_at is not None and not was_put_back


def nothing_is_stuck(world: World) -> None:
    """N3, N10: in the end every call is over, or held for a person."""
    for _, call in _calls(world):
        is_held = call.state is CallState.UNCONFIRMED and call.held_at is not None
        assert call.state is CallState.ENDED or is_held, f"N10 {call.state}"
    rows = world.connection.execute("select count(*), count(distinct phone_number) from calls")
    assert len(set(rows.fetchone())) == 1, "N3"


ALWAYS: tuple[Callable[[World], None], ...] = (
    a_token_is_posted_once,
    nobody_rings_twice,
    a_stopped_call_does_not_ring,
    states_are_true,
    news_is_believed,
    an_end_is_an_end,
    the_plan_is_kept,
    the_card_says_the_same,
    attempts_are_counted,
)
