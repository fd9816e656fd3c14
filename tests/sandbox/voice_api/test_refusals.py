"""What the service refuses, and that it says why."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest

from tests.sandbox.voice_api.conftest import OpenApi
from tests.sandbox.voice_api.support import KEYS, LISTENER, VoiceApi

INVALID, MISSING, UNKNOWN = "invalid_parameter", "missing_parameter", "unknown_parameter"
GOOD = {"phone_number": LISTENER, "message": "Hello"}


def keypad(**parameters: Any) -> dict[str, Any]:
    """A good request but for what is changed in its dtmf_config."""
    return {**GOOD, "dtmf_config": {**KEYS, **parameters}}


def action(**parameters: Any) -> dict[str, Any]:
    """A good request but for what is changed in the action of key 1."""
    good = {"action": "webhook", "url": "https://example.com/1"}
    return keypad(actions={"1": {**good, **parameters}})


BAD_CALLS = [
    ({"message": "Hello"}, "phone_number", MISSING),
    ({"phone_number": LISTENER}, "message", MISSING),
    ({**GOOD, "audio_url": "https://a.example/b.mp3"}, "audio_url", "conflicting_parameters"),
    ({**GOOD, "phone_number": "14155550199"}, "phone_number", INVALID),
    ({**GOOD, "phone_number": "+1 415 555 0199"}, "phone_number", INVALID),
    ({**GOOD, "phone_number": "+123456"}, "phone_number", INVALID),
    ({**GOOD, "phone_number": "+1234567890123456"}, "phone_number", INVALID),
    ({**GOOD, "phone_number": "+" + "\u0661" * 7}, "phone_number", INVALID),
    ({**GOOD, "phone_number": f"{LISTENER}\n"}, "phone_number", INVALID),
    ({**GOOD, "phone_number": 14155550199}, "phone_number", INVALID),
    ({**GOOD, "phone_number": None}, "phone_number", INVALID),
    ({**GOOD, "message": ""}, "message", INVALID),
    ({**GOOD, "message": "  "}, "message", INVALID),
    ({**GOOD, "message": ["Hello"]}, "message", INVALID),
    ({"phone_number": LISTENER, "audio_url": "ftp://a.example/b.mp3"}, "audio_url", INVALID),
    ({"phone_number": LISTENER, "audio_url": "reminder.mp3"}, "audio_url", INVALID),
    ({"phone_number": LISTENER, "audio_url": "https://a.example/b c"}, "audio_url", INVALID),
    ({**GOOD, "voice": ""}, "voice", INVALID),
    ({**GOOD, "voice": 1}, "voice", INVALID),
    ({**GOOD, "caller_id": 1}, "caller_id", INVALID),
    ({**GOOD, "language": "english!"}, "language", INVALID),
    ({**GOOD, "retry_count": 4}, "retry_count", INVALID),
    ({**GOOD, "retry_count": -1}, "retry_count", INVALID),
    ({**GOOD, "retry_count": True}, "retry_count", INVALID),
    ({**GOOD, "retry_count": "1"}, "retry_count", INVALID),
    ({**GOOD, "retry_count": 1.0}, "retry_count", INVALID),
    ({**GOOD, "retry_delay": -1}, "retry_delay", INVALID),
    ({**GOOD, "retry_delay": 1.5}, "retry_delay", INVALID),
    ({**GOOD, "callback_url": "yourapp.com/hook"}, "callback_url", INVALID),
    ({**GOOD, "callback_url": "https://"}, "callback_url", INVALID),
    ({**GOOD, "callback_url": "https://a.example:99999/"}, "callback_url", INVALID),
    ({**GOOD, "schedule_at": "2024-01-20T07:00:00"}, "schedule_at", INVALID),
    ({**GOOD, "schedule_at": "2024-01-20"}, "schedule_at", INVALID),
    ({**GOOD, "schedule_at": "tomorrow"}, "schedule_at", INVALID),
    ({**GOOD, "schedule_at": "2024-02-30T07:00:00Z"}, "schedule_at", INVALID),
    ({**GOOD, "schedule_at": "0001-01-01T00:00:00+14:00"}, "schedule_at", INVALID),
    ({**GOOD, "schedule_at": 1705734000}, "schedule_at", INVALID),
    ({**GOOD, "variables": ["John"]}, "variables", INVALID),
    ({**GOOD, "variables": {"name": None}}, "variables.name", INVALID),
    ({**GOOD, "variables": {"name": {"first": "John"}}}, "variables.name", INVALID),
    ({**GOOD, "message": "Hello {{name}}"}, "variables.name", "unresolved_placeholder"),
    ({**GOOD, "message": "Hello {{name"}, "message", "malformed_placeholder"),
    ({**GOOD, "message": "Hello {{}}"}, "message", "malformed_placeholder"),
    ({**GOOD, "retrycount": 1}, "retrycount", UNKNOWN),
    ({**GOOD, "dtmf_config": []}, "dtmf_config", INVALID),
    ({**GOOD, "dtmf_config": {}}, "dtmf_config.enabled", MISSING),
    (keypad(enabled="yes"), "dtmf_config.enabled", INVALID),
    (keypad(timeout=0), "dtmf_config.timeout", INVALID),
    (keypad(max_digits=0), "dtmf_config.max_digits", INVALID),
    (keypad(digits=1), "dtmf_config.digits", UNKNOWN),
    (keypad(actions=[]), "dtmf_config.actions", INVALID),
    (keypad(actions={"1": "webhook"}), "dtmf_config.actions.1", INVALID),
    (keypad(actions={"A": {}}), "dtmf_config.actions.A", INVALID),
    (keypad(actions={"12": {}}), "dtmf_config.actions.12", INVALID),
    (keypad(actions={"1": {"url": "https://a.b"}}), "dtmf_config.actions.1.action", MISSING),
    (keypad(actions={"1": {"action": "webhook"}}), "dtmf_config.actions.1.url", MISSING),
    (action(action="transfer"), "dtmf_config.actions.1.action", INVALID),
    (action(url="/1"), "dtmf_config.actions.1.url", INVALID),
    (action(response_message=""), "dtmf_config.actions.1.response_message", INVALID),
    (action(response_message="Bye {{name}}"), "variables.name", "unresolved_placeholder"),
    (action(reply="Bye"), "dtmf_config.actions.1.reply", UNKNOWN),
]  # fmt: skip

BAD_BATCHES = [
    ({}, "calls", MISSING),
    ({"calls": {}}, "calls", INVALID),
    ({"calls": []}, "calls", INVALID),
    ({"calls": ["+14155550199"]}, "calls.0", INVALID),
    ({"calls": [GOOD, {"message": "Hello"}]}, "calls.1.phone_number", MISSING),
    ({"calls": [{"phone_number": LISTENER}]}, "calls.0.message", MISSING),
    ({"calls": [{**GOOD, "message": "{{name}}"}]}, "variables.name", "unresolved_placeholder"),
    ({"calls": [{**GOOD, "retry_count": 1}]}, "calls.0.retry_count", UNKNOWN),
    ({"calls": [GOOD], "language": "en"}, "language", UNKNOWN),
    ({"calls": [GOOD], "callback_url": "hook"}, "callback_url", INVALID),
]


@pytest.mark.parametrize(("body", "field", "code"), BAD_CALLS)
async def test_a_bad_call_is_refused_with_its_field(
    api: VoiceApi, body: dict[str, Any], field: str, code: str
) -> None:
    """400, the field by name, a code for machines, a sentence for people, and no call."""
    answer = await api.post(body)
    assert answer.status == 400
    assert answer.body.keys() == {"status", "error", "message", "field"}
    assert (answer.body["status"], answer.body["error"]) == ("error", code)
    assert answer.body["field"] == field
    assert api.server.service.active() == []


async def test_every_parameter_of_the_contract_is_accepted(api: VoiceApi) -> None:
    """With a value of its kind; what the service does not use itself it can show."""
    call_id = await api.place(
        LISTENER,
        message="Hello {{name}}",
        voice="en-male-1",
        caller_id="+14155550188",
        language="en-GB",
        retry_count=3,
        retry_delay=0,
        callback_url="http://127.0.0.1:9/hook?token=a%20b",
        schedule_at="2024-01-20T07:00:00.5+05:30",
        variables={"name": "John"},
        dtmf_config=KEYS,
    )
    shown = (await api.control("GET", f"/calls/{call_id}")).body
    assert (shown["voice"], shown["caller_id"]) == ("en-male-1", "+14155550188")
    assert (shown["language"], shown["keys"]) == ("en-GB", ["1", "2"])
    assert shown["scheduled_at"] == "2024-01-20T01:30:00Z"


@pytest.mark.parametrize(("body", "field", "code"), BAD_BATCHES)
async def test_a_bad_batch_is_refused_as_a_whole(
    api: VoiceApi, body: dict[str, Any], field: str, code: str
) -> None:
    """One bad item is named with its place, and no call of the batch is made."""
    answer = await api.post(body, "/call/batch")
    assert (answer.status, answer.body["error"], answer.body["field"]) == (400, code, field)
    assert api.server.service.active() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{'phone_number': 1}", b'{"retry_delay": NaN}', b"\xff\xfe{}", b"[" * 100_000,
     b'{"retry_delay": ' + b"9" * 5_000 + b"}"],
)  # fmt: skip
async def test_broken_json_is_refused(api: VoiceApi, body: bytes) -> None:
    """400 with its own code, whatever is wrong with it."""
    headers = {**api.headers, "Content-Type": "application/json"}
    answer = await api.request("POST", "/call", data=body, headers=headers)
    assert (answer.status, answer.body["error"]) == (400, "invalid_json")


@pytest.mark.parametrize("body", [b"[]", b'"call"', b"1", b"null"])
async def test_json_that_is_no_object_is_refused(api: VoiceApi, body: bytes) -> None:
    """The body as a whole is to blame."""
    headers = {**api.headers, "Content-Type": "application/json"}
    answer = await api.request("POST", "/call", data=body, headers=headers)
    assert (answer.status, answer.body["field"]) == (400, "body")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded"])
async def test_another_content_type_is_refused(api: VoiceApi, content_type: str) -> None:
    """The contract requires application/json."""
    headers = {**api.headers, "Content-Type": content_type}
    answer = await api.request("POST", "/call", data=b"{}", headers=headers)
    assert (answer.status, answer.body["error"]) == (415, "unsupported_media_type")


async def test_a_charset_beside_the_content_type_is_welcome(api: VoiceApi) -> None:
    """`application/json; charset=utf-8` is JSON too."""
    headers = {**api.headers, "Content-Type": "application/json; charset=utf-8"}
    body = b'{"phone_number": "+14155550199", "message": "Hello"}'
    assert (await api.request("POST", "/call", data=body, headers=headers)).status == 200


async def test_more_than_a_mebibyte_is_refused(api: VoiceApi) -> None:
    """413, as JSON like every refusal."""
    headers = {**api.headers, "Content-Type": "application/json"}
    body = BytesIO(json.dumps({**GOOD, "message": "a" * 1024 * 1024}).encode())
    answer = await api.request("POST", "/call", data=body, headers=headers)
    assert (answer.status, answer.body["error"]) == (413, "body_too_large")


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic K", "K"])
async def test_no_key_is_refused(api: VoiceApi, authorization: str | None) -> None:
    """401 at every endpoint, with the scheme to use, before anything else is looked at."""
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in [("POST", "/call"), ("POST", "/call/batch"), ("GET", "/call/robo_1"),
                         ("DELETE", "/call/robo_1"), ("PUT", "/nowhere")]:  # fmt: skip
        answer = await api.request(method, path, headers=headers)
        assert (answer.status, answer.body["error"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_with_a_set_key_only_that_key_is_let_in(open_api: OpenApi) -> None:
    """A wrong key is 401, the right one is not."""
    api = await open_api(api_key="right")
    for key, status in [("wrong", 401), ("righ", 401), ("r\u00efght", 401), ("right", 200)]:
        api.headers = {"Authorization": f"Bearer {key}"}
        assert (await api.post(GOOD)).status == status


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_an_unknown_call_is_not_found(api: VoiceApi, method: str) -> None:
    """404 with a code of its own, so that it differs from a wrong path."""
    answer = await api.request(method, "/call/robo_000000000000")
    assert (answer.status, answer.body["error"]) == (404, "call_not_found")


async def test_a_wrong_path_is_not_found_and_a_wrong_method_not_allowed(api: VoiceApi) -> None:
    """Both are answered as JSON."""
    lost = await api.request("GET", "/calls")
    assert (lost.status, lost.body["error"]) == (404, "not_found")
    wrong = await api.request("PUT", "/call")
    assert (wrong.status, wrong.body["error"]) == (405, "method_not_allowed")
    assert wrong.headers["Allow"] == "POST"
