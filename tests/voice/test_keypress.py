"""A key press at one of our own addresses: the address counts, the body helps."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from bot.domain.voice_event import VoiceEventKind
from bot.voice.keypress import parse_keypress
from tests.voice.kit import CALL_ID, PHONE


def test_the_address_names_the_key_and_the_body_the_rest() -> None:
    """Where the body is as in the other webhooks, its fields are used."""
    said = {"call_id": CALL_ID, "phone_number": PHONE, "timestamp": "2024-01-15T10:30:20Z"}

    event = parse_keypress(json.dumps(said | {"digit": "2"}).encode(), "1")

    assert event is not None
    assert (event.kind, event.digit) == (VoiceEventKind.KEY_PRESSED, "1")
    assert (event.voice_call_id, event.phone_number) == (CALL_ID, PHONE)
    assert event.at == datetime(2024, 1, 15, 10, 30, 20, tzinfo=UTC)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"\xff", b"digit=1"])
def test_a_body_we_do_not_understand_is_still_a_key_press(body: bytes) -> None:
    """The contract does not say what stands in it."""
    event = parse_keypress(body, "#")

    assert event is not None
    assert (event.digit, event.voice_call_id, event.phone_number) == ("#", None, None)


@pytest.mark.parametrize("digit", ["", "x", "<b>", "1/2"])
def test_what_is_no_key_of_a_phone_is_none(digit: str) -> None:
    """The address proves itself, its last part does not."""
    assert parse_keypress(b"{}", digit) is None
