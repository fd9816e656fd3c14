from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

from bot.domain.errors import VoiceUnavailable
from bot.domain.voice_event import Source
from bot.services.cancel_calls import CancelAnswer
from tests.services.conftest import MakeRig
from tests.services.rig import COMPLETED, Rig
from tests.services.told_voice import LOST, always, refuses, says
from tests.support.made import NOW

TOMORROW = NOW + timedelta(days=1)


def hangs_up(voice_call_id: str) -> NoReturn:
    """The answer of the service is lost."""
    raise VoiceUnavailable("the line broke")


async def kept_by_the_service(make_rig: MakeRig) -> tuple[Rig, int]:
    """A call for tomorrow that the voice service has already."""
    rig = await make_rig(service_schedules=True)
    asked = await rig.ask(due_at=TOMORROW)
    assert await rig.stands(asked) == ("placed", None)
    return rig, asked


async def test_a_refusal_that_is_about_our_key_is_not_too_late(make_rig: MakeRig) -> None:
    """The wish stays, and is asked again when the key is right."""
    rig, asked = await kept_by_the_service(make_rig)
    rig.voice.stopping = refuses(401)
    assert await rig.cancels(asked) is CancelAnswer.ASKED
    assert (await rig.call(asked)).is_cancelling
    rig.voice.stopping = lambda _: "Call cancelled"
    await rig.passes(timedelta(seconds=5))
    assert await rig.stands(asked) == ("ended", "cancelled")


async def test_a_cancel_whose_answer_was_lost_is_a_cancel(make_rig: MakeRig) -> None:
    """Asked again the service says "too late", and means that it has stopped it already."""
    rig, asked = await kept_by_the_service(make_rig)
    rig.voice.stopping = hangs_up
    await rig.cancels(asked)
    rig.voice.stopping = refuses(409)
    rig.voice.status = says("cancelled", result="cancelled")
    await rig.passes(timedelta(seconds=5))
    assert await rig.stands(asked) == ("ended", "cancelled")
    whys = [each.detail["why"] for each in await rig.log(asked) if each.event == "cancel_failed"]
    assert whys == ["unreachable"]


async def test_one_cancel_is_under_way_at_a_time(make_rig: MakeRig) -> None:
    """A service that does not answer is not asked again by every beat of the clock."""
    rig, asked = await kept_by_the_service(make_rig)
    rig.voice.cancelling = rig.gate()
    await rig.cancels(asked)
    for _ in range(3):
        await rig.wakes()
    assert rig.voice.cancelled == ["v0"]
    rig.voice.cancelling.open()
    await rig.quiet()
    assert await rig.stands(asked) == ("ended", "cancelled")
    assert rig.voice.cancelled == ["v0"]


async def test_a_try_that_rings_does_not_settle_the_wish_where_the_service_redials(
    make_rig: MakeRig,
) -> None:
    """Too late for this try, and in time for the next: it is asked again between the two."""
    rig = await make_rig(service_retries=True)
    asked = await rig.ask(retries=3)
    rig.voice.status = says("ringing")
    rig.voice.stopping = refuses(409)
    await rig.cancels(asked)
    rig.voice.stopping = lambda _: "Call cancelled"
    await rig.hears(asked, COMPLETED, result="busy")
    assert rig.voice.cancelled == ["v0", "v0"]
    assert await rig.stands(asked) == ("ended", "cancelled")


async def test_a_cancel_during_a_request_whose_answer_is_lost_is_told(rig: Rig) -> None:
    """There is no id to name to the voice service, and the person is not left waiting."""
    rig.voice.answer = always(LOST)
    rig.voice.answering = rig.gate()
    asked = await rig.ask()
    assert await rig.cancels(asked) is CancelAnswer.ASKED
    rig.voice.answering.open()
    await rig.quiet()
    assert rig.told(asked) == ["unconfirmed", "cancel_failed"]
    assert (await rig.log(asked))[-1].detail["why"] == "no_id"


async def test_the_log_says_that_a_person_cancelled(rig: Rig) -> None:
    """Its source is Slack, not the bot."""
    asked = await rig.ask(due_at=TOMORROW)
    assert await rig.cancels(asked) is CancelAnswer.CANCELLED
    assert (await rig.log(asked))[-1].source is Source.SLACK


async def test_the_log_says_that_a_look_up_was_about_another_number(make_rig: MakeRig) -> None:
    """Its source is the look-up, and the call is untouched."""
    rig = await make_rig(is_listening=False)
    rig.voice.status = says("completed", result="answered", phone_number="+14155550199")
    asked = await rig.ask()
    await rig.passes(timedelta(seconds=5))
    last = (await rig.log(asked))[-1]
    assert (last.event, last.source) == ("mismatch", Source.POLL)
    assert await rig.stands(asked) == ("placed", None)
