from __future__ import annotations

from datetime import timedelta

from bot.domain.call import KeyOption
from bot.domain.result import Result
from bot.services.cancel_calls import CancelAnswer
from bot.services.redial_calls import PressAnswer
from tests.services.conftest import MakeRig
from tests.services.rig import ANSWERED, COMPLETED, KEY_PRESSED, MINUTE, Rig
from tests.services.told_voice import BUSY_SERVICE, first

YES = KeyOption(digit="1", label="Yes")
AT_ONCE = timedelta()


async def test_a_press_that_slack_repeats_after_a_cancel_rings_nobody(rig: Rig) -> None:
    """The card has no new try, so the old button would still fit: its delivery is remembered."""
    asked = await rig.ask()
    await rig.hears(asked, COMPLETED, result="busy")
    rig.services.dispatch.stop()
    first_try = (await rig.call(asked)).attempt_id
    assert await rig.calls_again(asked, delivery="press") is PressAnswer.DONE
    assert await rig.cancels(asked) is CancelAnswer.CANCELLED
    again = await rig.calls_again(asked, attempt_id=first_try, delivery="press")
    assert again is PressAnswer.SETTLED
    await rig.begin()
    assert len(rig.voice.placed) == 1


async def test_a_person_calls_once_where_the_service_redials(make_rig: MakeRig) -> None:
    """One press is one try: the sender's retries are not handed over once more."""
    rig = await make_rig(service_retries=True)
    asked = await rig.ask(retries=3)
    await rig.hears(asked, COMPLETED, result="rejected")
    assert await rig.stands(asked) == ("ended", "rejected")
    await rig.calls_again(asked)
    assert [call.retry_count for call in rig.voice.placed] == [3, 0]


async def test_a_retry_is_made_and_the_story_ends(rig: Rig) -> None:
    """Busy, then answered: two requests, and every line is free."""
    asked = await rig.ask(retries=1, retry_delay=AT_ONCE)
    await rig.hears(asked, COMPLETED, result="busy")
    await rig.passes(timedelta(seconds=1))
    await rig.hears(asked, ANSWERED, voice_call_id="v1")
    await rig.hears(asked, COMPLETED, voice_call_id="v1", result="answered")
    assert await rig.stands(asked) == ("ended", "answered")
    assert (len(rig.voice.placed), await rig.lines_in_use()) == (2, 0)


async def test_a_late_key_of_the_first_try_is_what_was_wanted(rig: Rig) -> None:
    """It comes while the second try rings: there is no third."""
    asked = await rig.ask(
        retries=2,
        retry_delay=AT_ONCE,
        retry_on=frozenset({Result.FAILED}),
        goal="1",
        keys=(YES,),
    )
    await rig.hears(asked, COMPLETED, result="failed")
    await rig.passes(timedelta(seconds=1))
    assert len(rig.voice.placed) == 2
    await rig.hears(asked, KEY_PRESSED, attempt=0, digit="1")
    await rig.hears(asked, COMPLETED, voice_call_id="v1", result="failed")
    await rig.passes(MINUTE)
    assert len(rig.voice.placed) == 2
    assert (await rig.call(asked)).goal_met


async def test_an_end_that_contradicts_a_refusal_is_believed(rig: Rig) -> None:
    """The service turned the request away and rang all the same: its retry is the sender's."""
    rig.voice.answer = first(BUSY_SERVICE)
    asked = await rig.ask(retries=1)
    assert await rig.stands(asked) == ("queued", None)
    await rig.hears(asked, ANSWERED)
    await rig.hears(asked, COMPLETED, result="busy")
    await rig.passes(timedelta(seconds=12))
    assert await rig.stands(asked) == ("scheduled", None)
    assert rig.told(asked)[-2:] == ["answered", "retry_scheduled"]
    assert len(rig.voice.placed) == 1
