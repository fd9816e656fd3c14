"""The life of a call, told from the request to the last webhook."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox.clock import PushedClock
from bot.sandbox.voice_api import UNLIMITED, VoiceService
from bot.sandbox.voice_api.errors import ApiError
from bot.sandbox.voice_api.models import CallRequest
from bot.sandbox.voice_api.phones import PHONES
from tests.sandbox.voice_api.support import KEYS, LISTENER, TEN, Receiver, VoiceApi, seconds

TEXT = "Your table is ready, see you soon."  # 34 characters: 2.43 seconds

# number, result, duration, keys, events
PHONE_TABLE: list[tuple[str, str, int, str | None, list[str]]] = [
    ("+14155550100", "no_answer", 0, None, ["completed"]),
    ("+14155550101", "answered", 5, "1", ["answered", "dtmf", "action", "completed"]),
    ("+14155550102", "answered", 3, "2", ["answered", "dtmf", "action", "completed"]),
    ("+14155550109", "answered", 3, "9", ["answered", "dtmf", "completed"]),
    ("+14155550110", "answered", 2, None, ["answered", "completed"]),
    ("+14155550111", "busy", 0, None, ["completed"]),
    ("+14155550112", "no_answer", 0, None, ["completed"]),
    ("+14155550113", "voicemail", 2, None, ["completed"]),
    ("+14155550114", "failed", 0, None, ["completed"]),
    ("+14155550115", "rejected", 0, None, ["completed"]),
    ("+14155550121", "busy", 0, None, ["completed"]),
    (LISTENER, "answered", 3, None, ["answered", "completed"]),
]


def keys_to(receiver: Receiver, **parameters: Any) -> dict[str, Any]:
    """A keypad whose actions post to the receiver."""
    actions = {key: {**action, "url": f"{receiver.url}/keys/{key}"}
               for key, action in KEYS["actions"].items()}  # type: ignore[attr-defined]  # fmt: skip
    return {**KEYS, "actions": actions, **parameters}


def test_every_documented_phone_is_tested() -> None:
    """The table here and the table of the service name the same numbers."""
    assert {phone.number for phone in PHONES} == {row[0] for row in PHONE_TABLE} - {LISTENER}


@pytest.mark.parametrize("row", PHONE_TABLE, ids=[row[0] for row in PHONE_TABLE])
async def test_each_simulated_phone_does_as_documented(
    api: VoiceApi, receiver: Receiver, row: tuple[str, str, int, str | None, list[str]]
) -> None:
    """Result, length, keys and webhooks of one call to it; status and webhook agree."""
    number, result, duration, keys, events = row
    call_id = await api.place(
        number, message=TEXT, callback_url=receiver.url, dtmf_config=keys_to(receiver)
    )
    await api.pass_time(120)
    assert receiver.events == events
    status = await api.get(call_id)
    assert (status["status"], status["call_result"]) == ("completed", result)
    assert (status["duration"], status["dtmf_input"]) == (duration, keys)
    assert receiver.bodies[-1] == {
        "event": "robo_call.completed",
        "call_id": call_id,
        "phone_number": number,
        "duration": duration,
        "result": result,
        "dtmf_input": keys,
        "timestamp": status["ended_at"],
    }


async def test_a_call_is_queued_rings_is_answered_and_ends(api: VoiceApi) -> None:
    """GET tells each step, with null where there is nothing to say yet."""
    call_id = await api.place(LISTENER, message=TEXT)
    queued = {
        "call_id": call_id,
        "status": "queued",
        "phone_number": LISTENER,
        "duration": None,
        "created_at": seconds(0),
        "started_at": None,
        "ended_at": None,
        "dtmf_input": None,
        "call_result": None,
    }
    assert await api.get(call_id) == queued
    await api.pass_time(2)
    assert await api.get(call_id) == {**queued, "status": "ringing"}
    await api.pass_time(3)
    answered = {**queued, "status": "in_progress", "started_at": seconds(5)}
    assert await api.get(call_id) == answered
    await api.pass_time(3)
    ended = {"status": "completed", "ended_at": seconds(7), "duration": 2}
    assert await api.get(call_id) == {**answered, **ended, "call_result": "answered"}


async def test_a_key_is_reported_acted_on_and_answered_aloud(
    api: VoiceApi, receiver: Receiver
) -> None:
    """The webhook, then the POST to the action's url, and the reply comes out of the phone."""
    call_id = await api.place(
        "+14155550101", message=TEXT, callback_url=f"{receiver.url}/events",
        dtmf_config=keys_to(receiver),
    )  # fmt: skip
    await api.pass_time(60)
    at = seconds(8)
    assert receiver.posted[1:3] == [
        (
            "/events",
            {"event": "robo_call.dtmf", "call_id": call_id, "digit": "1", "timestamp": at},
        ),
        (
            "/keys/1",
            {"call_id": call_id, "phone_number": "+14155550101", "digit": "1", "timestamp": at},
        ),
    ]
    assert api.heard(call_id) == [TEXT, "Thank you!"]


async def test_a_keypad_works_without_a_callback_url(api: VoiceApi, receiver: Receiver) -> None:
    """Only the action's url is called."""
    await api.place("+14155550102", dtmf_config=keys_to(receiver))
    await api.pass_time(60)
    assert [path for path, _ in receiver.posted] == ["/keys/2"]


@pytest.mark.parametrize("keypad", [{}, {"dtmf_config": {"enabled": False}}])
async def test_without_a_keypad_no_key_is_taken(
    api: VoiceApi, receiver: Receiver, keypad: dict[str, Any]
) -> None:
    """The phone may press what it likes: the service does not listen."""
    call_id = await api.place("+14155550101", callback_url=receiver.url, **keypad)
    await api.pass_time(60)
    assert receiver.events == ["answered", "completed"]
    assert (await api.get(call_id))["dtmf_input"] is None


async def test_several_digits_are_one_input(api: VoiceApi, receiver: Receiver) -> None:
    """Each digit is reported; the action belongs to all of them together."""
    await api.control("PUT", f"/handsets/{LISTENER}", json={"behaviour": "presses", "keys": "12"})
    actions = {"12": {"action": "webhook", "url": f"{receiver.url}/twelve"}}
    keypad = {"enabled": True, "max_digits": 2, "actions": actions}
    await api.place(LISTENER, callback_url=receiver.url, dtmf_config=keypad)
    await api.pass_time(60)
    assert [body.get("digit") for body in receiver.bodies] == [None, "1", "2", "12", None]
    assert receiver.bodies[-1]["dtmf_input"] == "12"


async def test_too_few_digits_start_nothing(api: VoiceApi, receiver: Receiver) -> None:
    """A phone that hangs up in the middle has pressed a key, but chosen nothing."""
    actions = {"1": {"action": "webhook", "url": f"{receiver.url}/one"}}
    keypad = {"enabled": True, "max_digits": 2, "actions": actions}
    await api.place("+14155550101", callback_url=receiver.url, dtmf_config=keypad)
    await api.pass_time(60)
    assert receiver.events == ["answered", "dtmf", "completed"]
    assert receiver.bodies[-1]["dtmf_input"] == "1"


async def test_the_text_is_filled_once(api: VoiceApi) -> None:
    """Blanks inside the braces are fine, numbers are spoken, a value is never a template."""
    call_id = await api.place(
        LISTENER,
        message="Hi {{ name }}, table {{table}}, {{sure}}: {{name}}",
        variables={"name": "{{table}}", "table": 7, "sure": True, "unused": 1.5},
    )
    await api.pass_time(60)
    assert api.heard(call_id) == ["Hi {{table}}, table 7, true: {{table}}"]


async def test_a_recording_is_played(api: VoiceApi) -> None:
    """For ten seconds; the phone has heard its address."""
    call_id = await api.place(LISTENER, audio_url="https://a.example/reminder.mp3")
    await api.pass_time(60)
    [heard] = api.server.service.get(call_id).heard
    assert (heard.kind, heard.text, heard.whole) == (
        "audio",
        "https://a.example/reminder.mp3",
        True,
    )
    assert (await api.get(call_id))["duration"] == 10


async def test_a_hasty_phone_does_not_hear_it_all(api: VoiceApi) -> None:
    """What was cut short is marked as such."""
    call_id = await api.place("+14155550110", message=TEXT)
    await api.pass_time(60)
    assert [heard.whole for heard in api.server.service.get(call_id).heard] == [False]


async def test_a_scheduled_call_rings_when_it_is_due(api: VoiceApi, receiver: Receiver) -> None:
    """Not before, and schedule_at comes back in UTC."""
    answer = await api.post(
        {"phone_number": LISTENER, "message": TEXT, "callback_url": receiver.url,
         "schedule_at": "2024-01-15T12:00:00+01:00"}
    )  # fmt: skip
    call_id = answer.body["call_id"]
    assert answer.body == {
        "status": "success",
        "call_id": call_id,
        "message": "Call scheduled",
        "scheduled_at": "2024-01-15T11:00:00Z",
    }
    await api.pass_time(1799)
    assert (await api.get(call_id))["status"] == "scheduled"
    await api.pass_time(60)
    status = await api.get(call_id)
    assert status["started_at"] == "2024-01-15T11:00:05Z"
    assert receiver.bodies[0]["timestamp"] == "2024-01-15T11:00:05Z"


async def test_a_schedule_in_the_past_is_due_at_once(api: VoiceApi) -> None:
    """As the contract's own example, which is years old."""
    call_id = await api.place(LISTENER, schedule_at="2020-01-20T07:00:00Z")
    await api.pass_time(5)
    assert (await api.get(call_id))["started_at"] == seconds(5)


@pytest.mark.parametrize(
    ("number", "result"),
    [("+14155550111", "busy"), ("+14155550112", "no_answer"), ("+14155550114", "failed")],
)
async def test_the_service_tries_again_as_often_as_asked(
    api: VoiceApi, receiver: Receiver, number: str, result: str
) -> None:
    """Under one call_id, the given minutes apart, and it says completed once, at the end."""
    call_id = await api.place(number, retry_count=2, retry_delay=3, callback_url=receiver.url)
    for tries in (1, 2):
        await api.pass_time(100)
        assert api.server.service.get(call_id).tries == tries
        assert (await api.get(call_id))["status"] == "queued"
        assert receiver.events == []
        await api.pass_time(100)
    await api.pass_time(100)
    assert api.server.service.get(call_id).tries == 3
    assert [(body["event"], body["result"]) for body in receiver.bodies] == [
        ("robo_call.completed", result)
    ]


async def test_trying_stops_when_somebody_answers(api: VoiceApi, receiver: Receiver) -> None:
    """Busy at first, then it answers; with no delay the second try comes at once."""
    call_id = await api.place(
        "+14155550121", retry_count=3, retry_delay=0, callback_url=receiver.url,
        dtmf_config={"enabled": True},
    )  # fmt: skip
    await api.pass_time(60)
    assert receiver.events == ["answered", "dtmf", "completed"]
    assert api.server.service.get(call_id).tries == 2


@pytest.mark.parametrize("number", ["+14155550113", "+14155550115", LISTENER])
async def test_what_was_reached_or_refused_is_not_tried_again(api: VoiceApi, number: str) -> None:
    """Voicemail has the message, a rejection is an answer."""
    call_id = await api.place(number, retry_count=3, retry_delay=0)
    await api.pass_time(300)
    assert api.server.service.get(call_id).tries == 1


async def test_retries_wait_five_minutes_unless_told_otherwise(api: VoiceApi) -> None:
    """The default of retry_delay."""
    call_id = await api.place("+14155550111", retry_count=1)
    await api.pass_time(4 + 299)
    assert api.server.service.get(call_id).tries == 1
    await api.pass_time(1 + 2)
    assert api.server.service.get(call_id).tries == 2


@pytest.mark.parametrize(
    ("parameters", "passed"),
    [({}, 1), ({"schedule_at": "2024-01-15T11:00:00Z"}, 60), ({"retry_count": 1}, 60)],
)
async def test_a_call_that_does_not_ring_can_be_cancelled(
    api: VoiceApi, receiver: Receiver, parameters: dict[str, Any], passed: float
) -> None:
    """Queued, scheduled, or between two tries: it never rings again, and no webhook comes."""
    call_id = await api.place("+14155550111", callback_url=receiver.url, **parameters)
    await api.pass_time(passed)
    tries = api.server.service.get(call_id).tries
    assert (await api.cancel(call_id)).status == 200
    await api.pass_time(7200)
    status = await api.get(call_id)
    assert (status["status"], status["call_result"]) == ("cancelled", None)
    assert api.server.service.get(call_id).tries == tries
    assert receiver.posted == []


@pytest.mark.parametrize(
    ("passed", "status"), [(3, "ringing"), (6, "in_progress"), (60, "completed")]
)
async def test_a_call_that_rings_can_no_longer_be_cancelled(
    api: VoiceApi, passed: float, status: str
) -> None:
    """409, and the call goes on."""
    call_id = await api.place(LISTENER)
    await api.pass_time(passed)
    answer = await api.cancel(call_id)
    assert (answer.status, answer.body["error"]) == (409, "not_cancellable")
    assert status in answer.body["message"]
    assert (await api.get(call_id))["status"] == status


async def test_cancelling_twice_is_a_conflict(api: VoiceApi) -> None:
    """The second time there is nothing left to cancel."""
    call_id = await api.place(LISTENER)
    assert [(await api.cancel(call_id)).status for _ in range(2)] == [200, 409]


async def test_the_calls_of_a_batch_share_voice_and_callback_url(
    api: VoiceApi, receiver: Receiver
) -> None:
    """Each item has its own number, text and variables, and reports for itself."""
    items = [
        {"phone_number": "+14155550101", "message": "Hi {{n}}", "variables": {"n": "Ann"}},
        {"phone_number": "+14155550111", "message": "Hi {{n}}", "variables": {"n": "Bob"}},
    ]
    body = {"calls": items, "voice": "en-male-1", "callback_url": receiver.url}
    answer = await api.post(body, "/call/batch")
    ids = [call["call_id"] for call in answer.body["calls"]]
    await api.pass_time(60)
    results = {body["call_id"]: body["result"] for body in receiver.bodies if "result" in body}
    assert results == dict(zip(ids, ["answered", "busy"], strict=True))
    assert api.heard(ids[0]) == ["Hi Ann"]
    assert {api.server.service.get(call_id).request.voice for call_id in ids} == {"en-male-1"}


async def test_the_oldest_ended_calls_are_forgotten() -> None:
    """Memory is bounded; calls that are not over are kept however old they are."""
    clock = PushedClock(TEN)
    service = VoiceService(clock=clock, plan=UNLIMITED, ended_kept=2)
    later = TEN + timedelta(days=1)
    late = service.place(CallRequest(phone_number=LISTENER, message="Hi", schedule_at=later))
    request = CallRequest(phone_number="+14155550114", message="Hi")
    ended = [service.place(request) for _ in range(3)]
    await clock.advance(60)
    with pytest.raises(ApiError) as refusal:
        service.get(ended[0].call_id)
    assert refusal.value.status == 404
    for call in (*ended[1:], late):
        assert service.get(call.call_id) is call
    await service.close()
