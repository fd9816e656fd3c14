"""From the service's values to the JSON of the control API."""

from __future__ import annotations

from bot.sandbox.voice_api.models import Call, Heard
from bot.sandbox.voice_api.phones import Handset
from bot.sandbox.voice_api.webhooks import Delivery
from bot.sandbox.voice_api.wire import Json, described, optional_stamp, stamp


def heard(item: Heard) -> Json:
    """One thing a phone heard, as it is shown."""
    return {
        "call_id": item.call_id,
        "kind": item.kind,
        "text": item.text,
        "at": stamp(item.at),
        "whole": item.whole,
    }


def delivery(item: Delivery) -> Json:
    """One try to deliver a webhook, as it is shown."""
    return {
        "call_id": item.call_id,
        "url": item.url,
        "body": item.body,
        "at": stamp(item.at),
        "attempt": item.attempt,
        "outcome": item.outcome,
    }


def handset(phone: Handset) -> Json:
    """A phone, as it is shown."""
    return {
        "phone_number": phone.number,
        "behaviour": phone.behaviour.kind.value,
        "keys": phone.behaviour.keys,
        "about": phone.about,
        "heard": [heard(item) for item in phone.heard],
    }


def live(call: Call) -> Json:
    """A call as the control API shows it: the contract's fields and what is on the line."""
    request = call.request
    keypad = request.keypad
    return {
        **described(call),
        "voice": request.voice,
        "language": request.language,
        "caller_id": request.caller_id,
        "keys": list(keypad.actions) if keypad and keypad.enabled else [],
        "tries": call.tries,
        "scheduled_at": optional_stamp(request.schedule_at),
        "heard": [heard(item) for item in call.heard],
    }
