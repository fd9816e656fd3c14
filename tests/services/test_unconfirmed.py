from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.call import AttemptState
from bot.domain.dial_policy import PlanLimits
from bot.domain.outcome import PlaceOutcome, Rejected
from bot.services.redial_calls import PressAnswer
from tests.services.conftest import MakeRig
from tests.services.rig import ANSWERED, COMPLETED, KEY_PRESSED, MINUTE, OTHER, Rig
from tests.services.told_voice import BUSY_SERVICE, DOWN, LOST, always, first, says

SILENCE = 10 * MINUTE
HALF_A_DAY = timedelta(hours=12)


async def held(rig: Rig, **changes: object) -> int:
    """A call whose answer was lost, and of which no news has come: a person decides."""
    rig.voice.answer = always(LOST)
    asked = await rig.ask(**changes)
    await rig.passes(SILENCE)
    call = await rig.call(asked)
    assert (call.state, call.held_at is not None) == ("unconfirmed", True)
    return asked


async def test_news_after_silence_is_followed_to_the_end(make_rig: MakeRig) -> None:
    """Somebody picks up, the end is lost: we ask, and the only line is free for the next call."""
    rig = await make_rig(limits=PlanLimits(calls_per_minute=10, concurrent_calls=1))
    asked = await held(rig)
    rig.voice.status = says("completed", result="answered")
    await rig.hears(asked, ANSWERED)
    waiting = await rig.ask()
    assert await rig.stands(waiting) == ("queued", None)
    await rig.passes(SILENCE)
    assert await rig.stands(asked) == ("ended", "answered")
    assert rig.voice.looked_up == ["v0"]
    assert await rig.stands(waiting) == ("unconfirmed", None)


async def test_the_end_of_a_held_call_needs_nothing_before_it(rig: Rig) -> None:
    """News of the end alone settles the doubt."""
    asked = await held(rig)
    await rig.hears(asked, COMPLETED, result="answered")
    assert await rig.stands(asked) == ("ended", "answered")
    assert rig.told(asked)[-1] == "completed"


async def test_a_call_that_was_marked_and_rings_after_all_is_told_and_followed(rig: Rig) -> None:
    """A person said that it was not made; the thread says that it was, and how it ended."""
    asked = await held(rig)
    assert await rig.marks(asked, was_made=False) is PressAnswer.DONE
    rig.voice.status = says("completed", result="answered")
    await rig.hears(asked, ANSWERED)
    assert rig.told(asked)[-1] == "late_news"
    await rig.passes(SILENCE)
    assert await rig.stands(asked) == ("ended", "answered")
    assert rig.told(asked)[-1] == "corrected"


async def test_a_word_that_proves_the_call_does_not_make_us_ask_every_second(rig: Rig) -> None:
    """It names the call, so it was placed, and is looked up like any other that is silent."""
    rig.voice.answer = first(LOST)
    asked = await rig.ask()
    await rig.hears(asked, OTHER)
    assert await rig.stands(asked) == ("placed", None)
    await rig.passes(4 * MINUTE)
    await rig.passes(MINUTE, every=timedelta(seconds=1))
    assert rig.voice.looked_up == ["v0"]


@pytest.mark.parametrize(
    ("outcome", "stands"),
    [
        (BUSY_SERVICE, ("ended", "expired")),
        (DOWN, ("ended", "expired")),
        (Rejected(reason="no such number", status=400), ("ended", "refused")),
    ],
)
async def test_an_answer_after_we_gave_up_waiting_is_believed(
    rig: Rig, outcome: PlaceOutcome, stands: tuple[str, str]
) -> None:
    """The machine slept in the middle of a request; then the definite no is read after all."""
    rig.voice.answer = always(outcome)
    rig.voice.answering = rig.gate()
    asked = await rig.ask()
    await rig.passes(3 * MINUTE)
    assert await rig.stands(asked) == ("unconfirmed", None)
    rig.voice.answering.open()
    rig.voice.answering = None
    await rig.quiet()
    assert (await rig.call(asked)).state != "unconfirmed"
    await rig.passes(2 * 60 * MINUTE, every=5 * MINUTE)
    assert await rig.stands(asked) == stands


async def test_a_restart_with_the_clock_set_back_still_recovers(rig: Rig) -> None:
    """What was being sent is in doubt, whatever the clock says about when that was."""
    rig.voice.answering = rig.gate()
    asked = await rig.ask()
    await rig.is_killed()
    await rig.clock.advance(-3600)
    await rig.starts_again()
    assert await rig.stands(asked) == ("unconfirmed", None)
    assert len(rig.voice.placed) == 1


async def test_a_key_without_an_id_proves_the_call_and_its_silence_ends(rig: Rig) -> None:
    """A key comes by an address of its own, which names no call: there is nothing to look up."""
    rig.voice.answer = always(LOST)
    asked = await rig.ask(goal="1")
    await rig.hears(asked, KEY_PRESSED, voice_call_id=None, digit="1")
    assert await rig.stands(asked) == ("in_progress", None)
    await rig.passes(4 * HALF_A_DAY, every=HALF_A_DAY)
    assert await rig.stands(asked) == ("ended", "unknown")
    assert (await rig.call(asked)).goal_met
    assert await rig.lines_in_use() == 0


async def test_late_news_does_not_swallow_a_call_again(rig: Rig) -> None:
    """The first try ends without success while the second waits for its line: it is made."""
    asked = await held(rig)
    rig.services.dispatch.stop()
    assert await rig.calls_again(asked) is PressAnswer.DONE
    await rig.hears(asked, ANSWERED)
    await rig.hears(asked, COMPLETED, result="no_answer")
    assert await rig.stands(asked) == ("queued", None)
    assert rig.told(asked)[-2:] == ["late_news", "late_news"]
    await rig.begin()
    assert len(rig.voice.placed) == 2


async def test_news_that_comes_while_we_lose_patience_is_not_forgotten(rig: Rig) -> None:
    """It proves the call in the very moment in which a person is to be asked: it is looked up."""
    rig.voice.answer = always(LOST)
    asked = await rig.ask()
    rig.tasks.gates["reconcile.ask"] = late = rig.gate()
    await rig.passes(SILENCE)
    assert len(late) == 1
    await rig.hears(asked, ANSWERED)
    rig.tasks.gates.clear()
    late.open()
    await rig.quiet()
    (attempt,) = await rig.attempts(asked)
    assert attempt.state is AttemptState.PLACED
    assert attempt.next_check_at is not None


async def test_the_end_of_a_first_ring_proves_a_call_that_the_service_redials(
    make_rig: MakeRig,
) -> None:
    """Its answer is still out when the bot is killed: the service has it, and we ask."""
    rig = await make_rig(service_retries=True)
    rig.voice.answering = rig.gate()
    asked = await rig.ask(retries=2)
    await rig.hears(asked, COMPLETED, result="busy")
    assert await rig.stands(asked) == ("placed", None)
    await rig.is_killed()
    rig.voice.status = says("completed", result="answered")
    await rig.starts_again()
    await rig.passes(MINUTE)
    assert await rig.stands(asked) == ("ended", "answered")
    assert len(rig.voice.placed) == 1
