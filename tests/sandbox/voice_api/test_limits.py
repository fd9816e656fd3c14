"""The limits of the plans, over HTTP."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from bot.sandbox.clock import RealClock
from bot.sandbox.voice_api import FREE, PRO, VoiceService
from bot.sandbox.voice_api.errors import ApiError
from bot.sandbox.voice_api.limits import CallRate, Slots
from bot.sandbox.voice_api.models import CallRequest
from tests.sandbox.voice_api.conftest import OpenApi
from tests.sandbox.voice_api.support import LISTENER, TEN, VoiceApi

FAILS = "+14155550114"  # holds its line for three seconds
GOOD = {"phone_number": LISTENER, "message": "Hello"}


async def fill_minute(api: VoiceApi, calls: int) -> None:
    """Place that many calls, one after the other, four seconds apart."""
    for _ in range(calls):
        await api.place(FAILS)
        await api.pass_time(4)


async def test_free_allows_ten_calls_in_any_sixty_seconds(open_api: OpenApi) -> None:
    """The eleventh is told when the first one will be a minute old, and is then accepted."""
    api = await open_api(plan=FREE)
    await fill_minute(api, 10)
    answer = await api.post(GOOD)
    assert (answer.status, answer.body["error"]) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "20"
    await api.pass_time(19.5)
    assert (await api.post(GOOD)).status == 429
    await api.pass_time(0.5)
    assert (await api.post(GOOD)).status == 200
    assert (await api.post(GOOD)).status == 429


async def test_free_allows_two_calls_at_once(open_api: OpenApi) -> None:
    """The third is refused until a line is free again; the refused one did not count."""
    api = await open_api(plan=FREE)
    answers = [await api.post(GOOD) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].body["error"] == "concurrent_limit"
    assert int(answers[2].headers["Retry-After"]) >= 1
    await api.pass_time(60)
    assert [(await api.post(GOOD)).status for _ in range(3)] == [200, 200, 429]


async def test_pro_allows_a_hundred_a_minute_and_twenty_at_once(open_api: OpenApi) -> None:
    """Both, at their exact border."""
    api = await open_api(plan=PRO)
    for _ in range(5):
        statuses = Counter([(await api.post({**GOOD, "phone_number": FAILS})).status
                            for _ in range(20)])  # fmt: skip
        assert statuses == {200: 20}
        assert (await api.post(GOOD)).status == 429
        await api.pass_time(4)
    answer = await api.post(GOOD)
    assert (answer.status, answer.body["error"]) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "40"


async def test_a_batch_counts_its_calls_and_is_taken_whole_or_not_at_all(
    open_api: OpenApi,
) -> None:
    """Three calls do not fit on two lines; two do."""
    api = await open_api(plan=FREE)
    too_many = await api.post({"calls": [GOOD] * 3}, "/call/batch")
    assert (too_many.status, too_many.body["error"]) == (429, "concurrent_limit")
    assert (await api.post({"calls": [GOOD] * 2}, "/call/batch")).status == 200
    assert (await api.post(GOOD)).status == 429


async def test_a_batch_is_told_when_all_its_calls_fit(open_api: OpenApi) -> None:
    """Not when the first of them would."""
    api = await open_api(plan=FREE)
    await fill_minute(api, 10)
    answer = await api.post({"calls": [GOOD] * 2}, "/call/batch")
    assert (answer.status, answer.headers["Retry-After"]) == (429, "24")


async def test_a_batch_beyond_the_plans_minute_is_never_taken(open_api: OpenApi) -> None:
    """It is told to wait a whole minute, however often it comes back."""
    api = await open_api(plan=FREE)
    answer = await api.post({"calls": [GOOD] * 11}, "/call/batch")
    assert (answer.status, answer.body["error"]) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "60"


async def test_a_scheduled_call_takes_no_line_until_it_is_due_and_then_waits_for_one(
    open_api: OpenApi,
) -> None:
    """It is never refused for the lines; it rings as soon as one of them is free."""
    api = await open_api(plan=FREE)
    busy = [await api.place(LISTENER) for _ in range(2)]
    later = [await api.place(LISTENER, schedule_at="2024-01-15T10:31:00Z") for _ in range(3)]
    await api.pass_time(59)
    assert {(await api.get(call_id))["status"] for call_id in busy} == {"completed"}
    await api.pass_time(4)
    statuses = [(await api.get(call_id))["status"] for call_id in later]
    assert statuses == ["ringing", "ringing", "queued"]
    await api.pass_time(60)
    assert {(await api.get(call_id))["status"] for call_id in later} == {"completed"}


async def test_a_call_that_waits_for_a_line_can_be_cancelled(open_api: OpenApi) -> None:
    """The next in line gets the line that would have been its own."""
    api = await open_api(plan=FREE)
    later = [await api.place(LISTENER, schedule_at="2024-01-15T10:31:00Z") for _ in range(4)]
    await api.pass_time(63)
    assert (await api.cancel(later[2])).status == 200
    await api.pass_time(60)
    statuses = [(await api.get(call_id))["status"] for call_id in later]
    assert statuses == ["completed", "completed", "cancelled", "completed"]


async def test_a_cancelled_call_gives_its_line_back(open_api: OpenApi) -> None:
    """At once, even before its task has run at all."""
    api = await open_api(plan=FREE)
    for _ in range(4):
        call_id = await api.place(LISTENER)
        assert (await api.cancel(call_id)).status == 200


async def test_between_two_tries_a_call_holds_no_line(open_api: OpenApi) -> None:
    """Its own retries wait for a free line like everybody."""
    api = await open_api(plan=FREE)
    for _ in range(2):
        await api.place("+14155550111", retry_count=1, retry_delay=1)
    assert (await api.post(GOOD)).status == 429
    await api.pass_time(5)
    assert (await api.post(GOOD)).status == 200


@pytest.mark.parametrize(("speed", "expected"), [(1, 60), (50, 2), (1000, 1)])
async def test_retry_after_is_in_real_seconds(speed: float, expected: int) -> None:
    """With time running 50 times as fast, a minute is two seconds; it is never less than one."""
    service = VoiceService(clock=RealClock(speed=speed), plan=FREE)
    with pytest.raises(ApiError) as refusal:
        service.place_batch([CallRequest(phone_number=LISTENER, message="Hi")] * 11)
    assert refusal.value.retry_after == expected
    await service.close()


def test_without_a_limit_nothing_is_remembered() -> None:
    """An unlimited plan costs no memory."""
    rate = CallRate(None)
    rate.count(1000, TEN)
    assert rate.wait(1000, TEN) == 0.0


async def test_a_slot_given_back_twice_is_given_back_once() -> None:
    """Releasing what is not held is harmless, also when it belongs to somebody else now."""
    slots = Slots(1)
    slots.take("a")
    waiting = asyncio.ensure_future(slots.acquire("b"))
    await asyncio.sleep(0)
    slots.release("a")
    slots.release("a")
    await waiting
    assert not slots.free(1)
    slots.release("b")
    assert slots.free(1)


async def test_who_left_the_queue_gets_no_slot() -> None:
    """The next one does, and the slot is not lost."""
    slots = Slots(1)
    slots.take("a")
    gone, waiting = (asyncio.ensure_future(slots.acquire(name)) for name in ("b", "c"))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait({gone})
    slots.release("a")
    await waiting
    slots.release("c")
    assert slots.free(1)
