"""The voice service's JSON and our values: the words of voice-api.txt stand here only.

Words we do not know are kept and handed on; junk becomes an empty value, never an exception.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.call import GOAL_ANSWERED, CallRequest, KeyOption
from bot.domain.outcome import Placed, Unknown
from bot.domain.result import Result
from bot.domain.voice_event import CallStatus, VoiceEvent, VoiceEventKind
from bot.ports import PlaceBatch, PlaceCall
from bot.voice import json_values as read
from bot.voice.callback import CallbackAddresses

CALL_PATH = "/call"
BATCH_PATH = "/call/batch"

KEY_TIMEOUT_SECONDS = 10
MAX_DIGITS = 1

_EVENTS = {
    "robo_call.answered": VoiceEventKind.ANSWERED,
    "robo_call.dtmf": VoiceEventKind.KEY_PRESSED,
    "robo_call.completed": VoiceEventKind.COMPLETED,
}
# How a service may say in its status that a call is over, or that it still has a way to go.
# `answered` stands in neither: as a status it may mean "talking now".
_COMPLETED = "completed"
_CANCELLED = {"cancelled": Result.CANCELLED, "canceled": Result.CANCELLED}
_ENDS = {
    word: Result(word) for word in ("voicemail", "busy", "no_answer", "failed", "rejected")
} | _CANCELLED
_STILL_OPEN = {"queued", "scheduled", "dialing", "ringing", "in_progress", "retrying"}
_TALKING = {"answered", "in_progress"}


def call_path(voice_call_id: str) -> str:
    """Where one call is looked up and cancelled; the id has been checked."""
    return f"{CALL_PATH}/{voice_call_id}"


# --- what we say -----------------------------------------------------------------------


def call_body(call: PlaceCall, addresses: CallbackAddresses) -> bytes:
    """The body of `POST /call`; what is empty is left out, `retry_count` always stands (V26)."""
    request = call.request
    body = _present(
        phone_number=request.phone_number,
        message=request.message,
        audio_url=request.audio_url,
        voice=request.voice,
        caller_id=request.caller_id,
        language=request.language,
        callback_url=addresses.events_url(call.token),
        schedule_at=_iso(call.schedule_at) if call.schedule_at else None,
        variables=dict(request.variables),
        dtmf_config=_dtmf_config(request, call.token, addresses),
    )
    body["retry_count"] = call.retry_count
    if call.retry_count > 0 and call.retry_delay is not None:
        body["retry_delay"] = math.ceil(call.retry_delay / timedelta(minutes=1))
    return _encode(body)


def batch_body(batch: PlaceBatch, addresses: CallbackAddresses) -> bytes:
    """The body of `POST /call/batch` (fault-catalogue 3.8)."""
    calls = [
        _present(
            phone_number=item.phone_number,
            message=item.message,
            variables=dict(item.variables),
        )
        for item in batch.items
    ]
    callback_url = addresses.events_url(batch.token)
    return _encode(_present(calls=calls, voice=batch.voice, callback_url=callback_url))


def _dtmf_config(
    request: CallRequest, token: bytes, addresses: CallbackAddresses
) -> dict[str, Any] | None:
    """Listen for a key when keys have a meaning or the goal is a key.

    An action is a URL of ours to be told at. Without a public URL there is none: the key is
    then only captured, and found by looking the call up.
    """
    if not request.keys and request.goal == GOAL_ANSWERED:
        return None
    actions = {
        key.digit: _action(key, url)
        for key in request.keys
        if (url := addresses.key_url(token, key.digit))
    }
    config = {"enabled": True, "timeout": KEY_TIMEOUT_SECONDS, "max_digits": MAX_DIGITS}
    return config | _present(actions=actions)


def _action(key: KeyOption, url: str) -> dict[str, Any]:
    return _present(action="webhook", url=url, response_message=key.reply)


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _encode(body: Mapping[str, Any]) -> bytes:
    # ASCII escapes: whatever a person typed can be written, even half a character.
    return json.dumps(body, separators=(",", ":"), allow_nan=False).encode("ascii")


# --- what it says ----------------------------------------------------------------------


def parse_placed(said: Mapping[str, Any]) -> Placed | None:
    """The call that the service accepted; None if it names none."""
    voice_call_id = read.call_id(said.get("call_id"))
    if voice_call_id is None:
        return None
    return Placed(
        voice_call_id=voice_call_id,
        message=read.sentence(said.get("message")),
        scheduled_at=read.moment(said.get("scheduled_at")),
        estimated_start=read.moment(said.get("estimated_start")),
    )


def parse_batch_items(said: Mapping[str, Any]) -> list[tuple[str | None, Placed | Unknown]]:
    """Each call that the answer lists: its phone number, and whether it was cleanly placed."""
    calls = said.get("calls")
    items = [item for item in calls if isinstance(item, dict)] if isinstance(calls, list) else []
    return [(read.phone_number(item.get("phone_number")), _batch_item(item)) for item in items]


def _batch_item(item: Mapping[str, Any]) -> Placed | Unknown:
    placed = parse_placed(item)
    if placed is None:
        return Unknown(reason="the voice service gave this call no id")
    status = read.text(item.get("status"), limit=read.MAX_WORD)
    if status != "queued":
        return Unknown(reason=f"the voice service says this call is “{status}”")
    return placed


def says_error(said: Mapping[str, Any]) -> bool:
    """Whether the service says in so many words that it did not do it."""
    return read.text(said.get("status"), limit=read.MAX_WORD).lower() == "error"


def service_words(said: Mapping[str, Any]) -> str:
    """Why the service says no, in its own words and with the field it means; may be ''."""
    error = said.get("error")
    inner = error if isinstance(error, dict) else {}
    tellers = (said.get("message"), error, inner.get("message"), inner.get("code"))
    shown = (read.sentence(teller) for teller in tellers)
    words = next((text for text in shown if text), "")
    field = read.text(said.get("field") or inner.get("field"), limit=read.MAX_WORD)
    if field and field not in words:
        words = f"{field}: {words}" if words else field
    return words[: read.MAX_SENTENCE]


def acknowledgement(said: Mapping[str, Any]) -> str:
    """What the service says to a request it has done ("Call cancelled"); may be ''."""
    return read.sentence(said.get("message"))


def is_about(said: Mapping[str, Any], voice_call_id: str) -> bool:
    """Whether an answer is about that call: it names it, or names none at all."""
    return said.get("call_id") in (None, voice_call_id)


def parse_status(body: bytes, voice_call_id: str) -> CallStatus | None:
    """The answer of `GET /call/{id}`; None if it is no such thing, or about another call.

    A result is final unless the status says that the call goes on (a service that redials
    by itself may show the result of its last try).
    """
    said = read.read_object(body)
    if said is None or not is_about(said, voice_call_id):
        return None
    status = read.text(said.get("status"), limit=read.MAX_WORD)
    result = read.text(said.get("call_result"), limit=read.MAX_WORD)
    if not status and not result:
        return None
    word = status.lower().replace("-", "_")
    keys = read.digits(said.get("dtmf_input")) or ""
    result = result or _ENDS.get(word, "")
    return CallStatus(
        voice_call_id=voice_call_id,
        status=status,
        raw=body.decode(),
        is_over=word == _COMPLETED or (bool(result) and word not in _STILL_OPEN),
        is_answered=word in _TALKING or result == Result.ANSWERED or bool(keys),
        phone_number=read.phone_number(said.get("phone_number")),
        digits=keys,
        result=result or None,
        duration=read.seconds(said.get("duration")),
        started_at=read.moment(said.get("started_at")),
        ended_at=read.moment(said.get("ended_at")),
    )


def parse_webhook(body: bytes) -> VoiceEvent | None:
    """The event that a webhook tells of; None if `body` is not a JSON object.

    A key event without a key we can act on (W17) is `OTHER`: kept and shown, nothing more.
    """
    said = read.read_object(body)
    if said is None:
        return None
    word = read.text(said.get("event"), limit=read.MAX_WORD)
    kind = _EVENTS.get(word, VoiceEventKind.OTHER)
    digit = read.digits(said.get("digit")) or read.digits(said.get("dtmf_input"))
    if kind is VoiceEventKind.KEY_PRESSED and digit is None:
        kind = VoiceEventKind.OTHER
    return VoiceEvent(
        kind=kind,
        word=word,
        raw=body.decode(),
        voice_call_id=read.call_id(said.get("call_id")),
        phone_number=read.phone_number(said.get("phone_number")),
        digit=digit,
        result=read.text(said.get("result"), limit=read.MAX_WORD) or None,
        duration=read.seconds(said.get("duration")),
        at=read.moment(said.get("timestamp")),
    )
