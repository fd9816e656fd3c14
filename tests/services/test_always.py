from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.call import AttemptState
from bot.domain.call_state import CallState
from bot.domain.outcome import Placed, PlaceOutcome, Rejected
from bot.domain.voice_event import CallStatus, VoiceEventKind
from tests.services.rig import (
    ANSWERED,
    COMPLETED,
    KEY_PRESSED,
    MINUTE,
    OTHER,
    Rig,
    a_rig,
)
from tests.services.told_voice import BUSY_SERVICE, DOWN, LOST, always, refuses, says

Do = Callable[[Rig, int], Awaitable[object]]


def answers(outcome: PlaceOutcome) -> Do:
    """What waits for the voice service's answer gets this one."""

    async def do(rig: Rig, _: int) -> None:
        rig.voice.answer = always(outcome)
        if rig.voice.answering:
            rig.voice.answering.open()
        await rig.quiet()

    return do


def hears(kind: VoiceEventKind, **event: Any) -> Do:
    """A webhook for the newest try, once there is one."""

    async def do(rig: Rig, call_id: int) -> None:
        if await rig.attempts(call_id):
            await rig.hears(call_id, kind, **event)

    return do


def looks(status: Callable[[str], CallStatus]) -> Do:
    """What a look-up finds from now on."""

    async def do(rig: Rig, _: int) -> None:
        rig.voice.status = status

    return do


def stops(said: Callable[[str], str]) -> Do:
    """What the service answers to a cancel from now on."""

    async def do(rig: Rig, _: int) -> None:
        rig.voice.stopping = said

    return do


async def restarts(rig: Rig, _: int) -> None:
    """Killed, and started again."""
    await rig.is_killed()
    await rig.starts_again()


DEEDS: dict[str, Do] = {
    "placed": answers(Placed(voice_call_id="v0")),
    "lost": answers(LOST),
    "down": answers(DOWN),
    "turned away": answers(BUSY_SERVICE),
    "refused": answers(Rejected(reason="no", status=400)),
    "answered": hears(ANSWERED),
    "answered, without id": hears(ANSWERED, voice_call_id=None),
    "key": hears(KEY_PRESSED, digit="1"),
    "key, without id": hears(KEY_PRESSED, voice_call_id=None, digit="1"),
    "busy": hears(COMPLETED, result="busy"),
    "over": hears(COMPLETED, result="answered"),
    "another word": hears(OTHER),
    "late key": hears(KEY_PRESSED, attempt=0, voice_call_id=None, digit="1"),
    "late end": hears(COMPLETED, attempt=0, result="no_answer"),
    "rings": looks(says("ringing")),
    "is over": looks(says("completed", result="answered")),
    "is not known": looks(refuses(404)),
    "cancel": lambda rig, call_id: rig.cancels(call_id),
    "cannot be stopped": stops(refuses(409)),
    "call again": lambda rig, call_id: rig.calls_again(call_id),
    "mark": lambda rig, call_id: rig.marks(call_id, was_made=True),
    "a minute": lambda rig, _: rig.passes(MINUTE),
    "ten minutes": lambda rig, _: rig.passes(10 * MINUTE, every=5 * MINUTE),
    "restart": restarts,
}


async def nobody_forgets(rig: Rig, call_id: int) -> None:
    """Whatever is open is looked at again: by the clock, or by the person who was asked."""
    call, attempts = await rig.call(call_id), await rig.attempts(call_id)
    placed = [each for each in attempts if each.state is AttemptState.PLACED]
    assert all(each.next_check_at for each in placed), "a call with the service, and no look-up"
    asked = (AttemptState.CLAIMED, AttemptState.SENDING)
    looked_at = {each.id for each in attempts if each.next_check_at or each.state in asked}
    if call.state in (CallState.PLACED, CallState.IN_PROGRESS):
        assert call.attempt_id in looked_at, "a call that goes on, and nobody asks how"
    if call.state is CallState.UNCONFIRMED:
        assert call.held_at or call.attempt_id in looked_at, "a doubt that nobody ends"


async def ends(rig: Rig, call_id: int) -> None:
    """Whatever has happened: after two days the call is over, or a person has been asked."""
    rig.voice.answering = None
    await rig.passes(timedelta(days=2), every=timedelta(hours=2))
    call = await rig.call(call_id)
    assert call.state is CallState.ENDED or call.held_at, f"still {call.state}"
    assert await rig.lines_in_use() == 0


async def play(deeds: Sequence[str], **deployment: Any) -> None:
    """A call, and what happens to it; after every step it must not be forgotten."""
    with TemporaryDirectory() as folder:
        async with a_rig(Path(folder), **deployment) as rig:
            await rig.begin()
            rig.voice.answering = rig.gate()
            call_id = await rig.ask(retries=1, retry_delay=MINUTE, goal="1")
            for deed in deeds:
                await DEEDS[deed](rig, call_id)
                await nobody_forgets(rig, call_id)
            rig.voice.answering.open()
            await rig.quiet()
            await ends(rig, call_id)


@pytest.mark.parametrize("service_retries", [False, True])
@pytest.mark.parametrize("is_listening", [False, True])
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(deeds=st.lists(st.sampled_from(sorted(DEEDS)), max_size=12))
def test_no_open_call_is_ever_forgotten(
    deeds: list[str], *, is_listening: bool, service_retries: bool
) -> None:
    """After any sequence of deeds."""
    asyncio.run(play(deeds, is_listening=is_listening, service_retries=service_retries))


@pytest.mark.parametrize("outcome", ["lost", "down", "turned away", "refused"])
@pytest.mark.parametrize("news", ["key, without id", "answered, without id"])
async def test_news_without_an_id_before_the_answer_is_followed(news: str, outcome: str) -> None:
    """A key is pressed while the answer of the request is out, and that answer is no good."""
    await play([news, outcome])
