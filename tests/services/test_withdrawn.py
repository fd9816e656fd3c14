from __future__ import annotations

from datetime import timedelta

from bot.domain.call import AttemptState
from bot.domain.call_state import CallState
from bot.domain.result import Result
from bot.services.cancel_calls import CancelAnswer
from tests.services.rig import Rig


async def test_a_call_that_is_stopped_while_the_line_opens_is_never_sent(rig: Rig) -> None:
    """The last look is the mark's own: it finds the call cancelled, and no byte leaves."""
    rig.voice.connecting = rig.gate()
    asked = await rig.ask()
    assert len(rig.voice.connecting) == 1
    assert await rig.cancels(asked) is CancelAnswer.CANCELLED
    rig.voice.connecting.open()
    await rig.quiet()
    call = await rig.call(asked)
    assert rig.voice.placed == []
    assert (call.state, call.result, call.attempts) == (CallState.ENDED, Result.CANCELLED, 0)
    assert [attempt.state for attempt in await rig.attempts(asked)] == [AttemptState.REJECTED]
    assert not rig.services.dispatch.brake.is_probing  # the voice service is not to blame


async def test_a_call_that_nobody_stops_is_sent_when_the_line_is_open(rig: Rig) -> None:
    """The same without the cancel: one request."""
    rig.voice.connecting = rig.gate()
    asked = await rig.ask()
    rig.voice.connecting.open()
    await rig.quiet()
    call = await rig.call(asked)
    assert len(rig.voice.placed) == 1
    assert (call.state, call.attempts) == (CallState.PLACED, 1)


async def test_a_machine_that_slept_before_the_first_byte_sends_nothing(rig: Rig) -> None:
    """It was claimed in the morning, and the lid opens in the afternoon: nobody is rung late."""
    rig.voice.connecting = rig.gate()
    asked = await rig.ask()
    await rig.clock.advance(timedelta(hours=5).total_seconds())
    rig.voice.connecting.open()
    await rig.quiet()
    assert rig.voice.placed == []
    assert await rig.stands(asked) == ("ended", "expired")


async def test_a_claim_from_before_a_short_sleep_is_made_anew(rig: Rig) -> None:
    """The plan's minute is another by then: nothing leaves before it was looked at again."""
    rig.voice.connecting = rig.gate()
    asked = await rig.ask()
    await rig.clock.advance(timedelta(minutes=10).total_seconds())
    rig.voice.connecting.open()
    await rig.quiet()
    assert rig.voice.placed == []
    rig.voice.connecting.open()
    await rig.quiet()
    states = [attempt.state for attempt in await rig.attempts(asked)]
    assert states == [AttemptState.REJECTED, AttemptState.PLACED]
    assert len(rig.voice.placed) == 1
