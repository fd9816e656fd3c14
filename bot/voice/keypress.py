"""A key press that came to one of our own keypad addresses (the `url` of a DTMF action).

The contract does not say what the service sends there, so only the address is relied on:
it names the attempt and the digit. What the body says is used where it is understood.
"""

from __future__ import annotations

from bot.domain.voice_event import VoiceEvent, VoiceEventKind
from bot.voice import json_values

WORD = "keypad"


def parse_keypress(body: bytes, digit: str) -> VoiceEvent | None:
    """The press of `digit`; None if that is no key of a phone."""
    pressed = json_values.digits(digit)
    if pressed is None:
        return None
    said = json_values.read_object(body) or {}
    return VoiceEvent(
        kind=VoiceEventKind.KEY_PRESSED,
        word=WORD,
        raw=body.decode(errors="replace"),
        voice_call_id=json_values.call_id(said.get("call_id")),
        phone_number=json_values.phone_number(said.get("phone_number")),
        digit=pressed,
        at=json_values.moment(said.get("timestamp")),
    )
