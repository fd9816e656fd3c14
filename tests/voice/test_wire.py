"""JSON and values: every field of the contract, and what is not in the contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.call import KeyOption
from bot.domain.outcome import Placed
from bot.domain.result import Result
from bot.domain.voice_event import VoiceEventKind
from bot.ports import BatchItem, PlaceBatch, PlaceCall
from bot.voice import wire
from tests.voice.kit import FUZZ, PHONE, TOKEN, addresses, place, request
from tests.voice.test_json_values import ANY_JSON, short

AT = datetime(2024, 1, 15, 10, 30, 5, tzinfo=UTC)
CALL_ID = "robo_abc123def456"


def body_of(call: PlaceCall, public_url: str | None = "https://bot.example.com") -> Any:
    """The JSON that would be sent."""
    return json.loads(wire.call_body(call, addresses(public_url)))


def as_bytes(value: object) -> bytes:
    """A payload, as it comes."""
    return json.dumps(value).encode()


# --- POST /call ------------------------------------------------------------------------


def test_a_plain_call_says_only_what_it_must() -> None:
    """Empty fields are absent; retry_count is always sent (V26)."""
    assert body_of(place(), None) == {
        "phone_number": PHONE,
        "message": "Hello",
        "retry_count": 0,
    }


def test_a_call_with_everything_says_everything() -> None:
    """Every field of the contract for a spoken text."""
    asked = request(
        message="Hello {{name}}",
        variables={"name": "Ann"},
        voice="en-female-1",
        caller_id="+14155550100",
        language="en",
        keys=(KeyOption(digit="1", label="Confirm", reply="Thank you!"),),
    )
    call = place(
        request=asked,
        retry_count=2,
        retry_delay=timedelta(minutes=5),
        schedule_at=AT.astimezone(timezone(timedelta(hours=2))),
    )

    assert body_of(call) == {
        "phone_number": PHONE,
        "message": "Hello {{name}}",
        "variables": {"name": "Ann"},
        "voice": "en-female-1",
        "caller_id": "+14155550100",
        "language": "en",
        "callback_url": addresses().events_url(TOKEN),
        "schedule_at": "2024-01-15T10:30:05Z",
        "retry_count": 2,
        "retry_delay": 5,
        "dtmf_config": {
            "enabled": True,
            "timeout": 10,
            "max_digits": 1,
            "actions": {
                "1": {
                    "action": "webhook",
                    "url": addresses().key_url(TOKEN, "1"),
                    "response_message": "Thank you!",
                }
            },
        },
    }


def test_a_recording_goes_without_a_message() -> None:
    """Either message or audio_url, never both."""
    body = body_of(place(request=request(message="", audio_url="https://example.com/a.mp3")))

    assert body["audio_url"] == "https://example.com/a.mp3"
    assert "message" not in body


@pytest.mark.parametrize(
    ("delay", "minutes"),
    [(timedelta(), 0), (timedelta(seconds=1), 1), (timedelta(minutes=5), 5)],
)
def test_a_delay_is_whole_minutes_never_sooner_than_asked(delay: timedelta, minutes: int) -> None:
    """The contract knows minutes only."""
    assert body_of(place(retry_count=1, retry_delay=delay))["retry_delay"] == minutes


def test_a_delay_goes_only_with_retries() -> None:
    """Without retries, or when none was chosen, it is absent."""
    assert "retry_delay" not in body_of(place(retry_delay=timedelta(minutes=5)))
    assert "retry_delay" not in body_of(place(retry_count=1))


def test_a_key_without_a_reply_says_nothing_on_the_phone() -> None:
    """response_message is absent when empty."""
    asked = request(keys=(KeyOption(digit="#", label="Stop"),))

    actions = body_of(place(request=asked))["dtmf_config"]["actions"]

    assert actions == {"#": {"action": "webhook", "url": addresses().key_url(TOKEN, "#")}}


def test_without_a_public_url_keys_are_only_captured() -> None:
    """An action without an address would be none: the look-up tells the key."""
    asked = request(keys=(KeyOption(digit="1", label="Yes", reply="Good"),))

    config = body_of(place(request=asked), None)["dtmf_config"]

    assert config == {"enabled": True, "timeout": 10, "max_digits": 1}


@pytest.mark.parametrize(("goal", "listens"), [("answered", False), ("any_key", True), ("1", True)])
def test_a_goal_of_a_key_listens_for_keys(goal: str, listens: bool) -> None:
    """Also where no key was given a meaning."""
    assert ("dtmf_config" in body_of(place(request=request(goal=goal)))) is listens


def test_half_a_character_can_be_sent() -> None:
    """Whatever was typed: writing the body never fails."""
    assert b"\\ud83d" in wire.call_body(place(request=request(message="\ud83d")), addresses())


# --- POST /call/batch ------------------------------------------------------------------


def test_a_batch_shares_voice_and_address() -> None:
    """The shape of the contract, and no other field (3.8)."""
    batch = PlaceBatch(
        token=TOKEN,
        voice="en-female-1",
        items=[
            BatchItem(phone_number=PHONE, message="Hi {{n}}", variables={"n": "Ann"}),
            BatchItem(phone_number="+14155550124", message="Hi"),
        ],
    )

    assert json.loads(wire.batch_body(batch, addresses())) == {
        "calls": [
            {"phone_number": PHONE, "message": "Hi {{n}}", "variables": {"n": "Ann"}},
            {"phone_number": "+14155550124", "message": "Hi"},
        ],
        "voice": "en-female-1",
        "callback_url": addresses().events_url(TOKEN),
    }


# --- answers ---------------------------------------------------------------------------


def test_an_accepted_call_is_read_whole() -> None:
    """The answers of the contract, queued and scheduled."""
    placed = wire.parse_placed(
        {
            "status": "success",
            "call_id": CALL_ID,
            "message": "Call scheduled",
            "scheduled_at": "2024-01-15T10:30:05Z",
            "estimated_start": "2024-01-15T10:30:05Z",
        }
    )

    assert placed == Placed(
        voice_call_id=CALL_ID, message="Call scheduled", scheduled_at=AT, estimated_start=AT
    )


@pytest.mark.parametrize("call_id", [None, 12, "", "../x", "x" * 10_000], ids=short)
def test_an_answer_without_a_proper_id_names_no_call(call_id: object) -> None:
    """V7."""
    assert wire.parse_placed({"status": "success", "call_id": call_id}) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"message": "No credit"}, "No credit"),
        ({"error": "No credit"}, "No credit"),
        ({"error": {"message": "Too long", "field": "message"}}, "message: Too long"),
        ({"error": {"code": "no_credit"}}, "no_credit"),
        ({"error": "invalid", "field": "phone_number"}, "phone_number: invalid"),
        ({"field": "voice"}, "voice"),
        ({"message": "x" * 500}, "x" * 200),
        ({"message": "a\nb\x00"}, "a b"),
        ({"message": ["a"]}, ""),
        ({}, ""),
    ],
)
def test_a_no_is_told_in_the_services_own_words(said: dict[str, Any], words: str) -> None:
    """message, error and field, at most 200 characters, on one line."""
    assert wire.service_words(said) == words


def status_of(**changes: Any) -> Any:
    """A status answer of the contract, with changes, parsed."""
    answer = {
        "call_id": CALL_ID,
        "status": "completed",
        "phone_number": PHONE,
        "duration": 25,
        "created_at": "2024-01-15T10:30:00Z",
        "started_at": "2024-01-15T10:30:05Z",
        "ended_at": "2024-01-15T10:30:05Z",
        "dtmf_input": "1",
        "call_result": "answered",
    } | changes
    return wire.parse_status(as_bytes(answer), CALL_ID)


def test_a_status_is_read_whole() -> None:
    """Every field of the contract."""
    status = status_of()

    assert (status.voice_call_id, status.status, status.result) == (
        CALL_ID,
        "completed",
        "answered",
    )
    assert (status.is_over, status.is_answered, status.digits) == (True, True, "1")
    assert (status.phone_number, status.duration) == (PHONE, 25)
    assert status.started_at == status.ended_at == AT
    assert json.loads(status.raw)["created_at"] == "2024-01-15T10:30:00Z"


@pytest.mark.parametrize(
    ("status", "result", "is_over", "read_as"),
    [
        ("completed", "busy", True, "busy"),
        ("completed", None, True, None),
        ("completed", "abducted", True, "abducted"),
        ("queued", None, False, None),
        ("ringing", None, False, None),
        ("queued", "busy", False, "busy"),
        ("in-progress", "no_answer", False, "no_answer"),
        ("teleported", None, False, None),
        ("teleported", "busy", True, "busy"),
        ("no-answer", None, True, "no_answer"),
        ("answered", None, False, None),
        ("answered", "answered", True, "answered"),
        ("canceled", None, True, Result.CANCELLED),
        ("cancelled", None, True, Result.CANCELLED),
        (None, "voicemail", True, "voicemail"),
    ],
)
def test_a_status_says_whether_the_call_is_over(
    status: str | None, result: str | None, is_over: bool, read_as: str | None
) -> None:
    """A result ends it, unless the status says that it goes on; unknown words are kept."""
    read = status_of(status=status, call_result=result, dtmf_input=None)

    assert (read.is_over, read.result, read.status) == (is_over, read_as, status or "")


@pytest.mark.parametrize(
    ("changes", "is_answered"),
    [
        ({"status": "queued", "call_result": None}, False),
        ({"call_result": "busy"}, False),
        ({"status": "in_progress", "call_result": None}, True),
        ({"status": "ringing", "call_result": None, "dtmf_input": "1"}, True),
    ],
)
def test_a_status_says_whether_somebody_picked_up(
    changes: dict[str, Any], is_answered: bool
) -> None:
    """By its word, by its result, or because a key was pressed."""
    assert status_of(**({"dtmf_input": None} | changes)).is_answered is is_answered


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        as_bytes({"status": 7}),
        as_bytes({"status": "completed", "call_id": "robo_other"}),
        as_bytes({"status": "completed", "call_id": 7}),
    ],
)
def test_an_answer_that_is_no_status_of_this_call_is_none(body: bytes) -> None:
    """Nonsense, or news of another call."""
    assert wire.parse_status(body, CALL_ID) is None


def test_a_status_may_leave_its_call_unnamed() -> None:
    """We know which one we asked about."""
    assert wire.parse_status(b'{"status": "queued"}', CALL_ID) is not None


# --- webhooks --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (
            {"event": "robo_call.answered", "call_id": CALL_ID, "phone_number": PHONE},
            (VoiceEventKind.ANSWERED, PHONE, None, None, None),
        ),
        (
            {"event": "robo_call.dtmf", "call_id": CALL_ID, "digit": "1"},
            (VoiceEventKind.KEY_PRESSED, None, "1", None, None),
        ),
        (
            {
                "event": "robo_call.completed",
                "call_id": CALL_ID,
                "phone_number": PHONE,
                "duration": 25,
                "result": "answered",
                "dtmf_input": "1",
            },
            (VoiceEventKind.COMPLETED, PHONE, "1", "answered", 25),
        ),
    ],
)
def test_the_three_events_of_the_contract_are_read(
    payload: dict[str, Any], expected: tuple[object, ...]
) -> None:
    """Each with all of its fields."""
    raw = as_bytes(payload | {"timestamp": "2024-01-15T10:30:05Z"})

    event = wire.parse_webhook(raw)

    assert event is not None
    assert (event.word, event.voice_call_id, event.at) == (payload["event"], CALL_ID, AT)
    assert event.raw == raw.decode()
    read = (event.kind, event.phone_number, event.digit, event.result, event.duration)
    assert read == expected


@pytest.mark.parametrize(
    "result", ["answered", "voicemail", "busy", "no_answer", "failed", "rejected"]
)
def test_each_result_of_the_contract_comes_as_it_is(result: str) -> None:
    """The six words."""
    event = wire.parse_webhook(as_bytes({"event": "robo_call.completed", "result": result}))

    assert event is not None
    assert event.result == Result(result)


def test_an_unknown_word_is_kept() -> None:
    """An event, or a result, that the contract does not name (W16)."""
    event = wire.parse_webhook(as_bytes({"event": "robo_call.ringing", "result": "abducted"}))

    assert event is not None
    assert (event.kind, event.word) == (VoiceEventKind.OTHER, "robo_call.ringing")
    assert event.result == "abducted"


@pytest.mark.parametrize("digit", ["", None, "<!channel>", "9" * 10_000, "x", ["1"]], ids=short)
def test_a_key_event_without_a_key_is_only_shown(digit: object) -> None:
    """W17: nothing is acted on."""
    event = wire.parse_webhook(as_bytes({"event": "robo_call.dtmf", "digit": digit}))

    assert event is not None
    assert (event.kind, event.word) == (VoiceEventKind.OTHER, "robo_call.dtmf")


def test_a_key_may_come_as_a_number() -> None:
    """W17: 1 is "1"."""
    event = wire.parse_webhook(as_bytes({"event": "robo_call.dtmf", "digit": 1}))

    assert event is not None
    assert event.digit == "1"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"event": NaN}', b"[" * 60_000, b'{"a":"\xff"}'], ids=short
)
def test_a_body_that_is_no_object_is_no_event(body: bytes) -> None:
    """W20."""
    assert wire.parse_webhook(body) is None


FIELDS = ("event", "call_id", "phone_number", "digit", "result", "duration", "timestamp", "status")


@FUZZ
@given(st.dictionaries(st.sampled_from([*FIELDS, "calls", "message", "error", "field"]), ANY_JSON))
def test_no_field_of_any_kind_is_a_crash(payload: dict[str, Any]) -> None:
    """Right names, wrong values: read as something, by every reader."""
    try:
        body = json.dumps(payload, allow_nan=False).encode()
    except ValueError:
        return
    assert wire.parse_webhook(body) is not None
    wire.parse_status(body, CALL_ID)
    wire.parse_placed(payload)
    wire.parse_batch_items(payload)
    assert len(wire.service_words(payload)) <= 200
