"""Strangers' JSON: every reader returns a value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.voice import json_values as read
from tests.voice.kit import FUZZ


def short(value: object) -> str:
    """An id of a test case that fits on a line."""
    return repr(value)[:30]


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"<html>",
        b"{",
        b'{"a": 1} trailing',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b'{"a": "\xff"}',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 60_000,
        b'{"a":' * 60_000,
    ],
    ids=short,
)
def test_what_is_not_one_proper_object_is_none(body: bytes) -> None:
    """W20: bad UTF-8, NaN, bottomless nesting, doubled keys."""
    assert read.read_object(body) is None


def test_an_object_is_read() -> None:
    """The ordinary case, with letters beyond ASCII."""
    assert read.read_object('{"a": "é", "b": [1]}'.encode()) == {"a": "é", "b": [1]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Call queued", "Call queued"),
        ("  two\n\tlines\x00\x1b[31m ", "two lines [31m"),
        ("half \ud83d a sign", "half a sign"),
        ("x" * 100_000, "x" * 20),
        (None, ""),
        (7, ""),
        (["a"], ""),
    ],
    ids=short,
)
def test_text_is_one_clean_line(value: object, expected: str) -> None:
    """Control characters, line ends and half characters go; length is bounded."""
    assert read.text(value, limit=20) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("+14155550123 is not valid", "(number) is not valid"),
        ("bad number 14155550123.", "bad number (number)."),
        ("+44 7700 900123 is busy", "(number) is busy"),
        ("at 2024-01-15T10:30:00Z, code 20500", "at 2024-01-15T10:30:00Z, code 20500"),
    ],
)
def test_a_sentence_shows_no_phone_number(value: str, expected: str) -> None:
    """The thread is read by people who must not see numbers; dates and codes may stay."""
    assert read.sentence(value) == expected


@pytest.mark.parametrize("value", ["robo_abc123", "A", "a-b_C9", "x" * 64])
def test_a_call_id_is_taken_as_it_is(value: str) -> None:
    """Letters, digits, dash and underscore."""
    assert read.call_id(value) == value


@pytest.mark.parametrize(
    "value",
    ["", "../x", "a/b", "a b", "a\n", "x" * 65, "é", "\u0661", None, 12, ["a"], True],
    ids=short,
)
def test_what_is_unsafe_in_a_url_is_no_call_id(value: object) -> None:
    """V7: an id is checked before it is used."""
    assert read.call_id(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", "1"), (1, "1"), (12, "12"), ("*0#D", "*0#D"), ("9" * 32, "9" * 32)],
)
def test_keys_of_a_phone_are_digits(value: object, expected: str) -> None:
    """A bare number counts as the keys it shows (W17)."""
    assert read.digits(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", "E", "a", "9" * 33, "1\n", "<!channel>", "\u0661", None, -1, True, 1.0, [], 10**4000],
    ids=short,
)
def test_anything_else_is_no_digits(value: object) -> None:
    """W17: nothing else is ever acted on."""
    assert read.digits(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, 0), (25, 25), (-1, None), (10**30, None), (True, None), (2.5, None), ("25", None)],
)
def test_a_duration_is_a_sane_number_of_seconds(value: object, expected: int | None) -> None:
    """What the database could not hold is left out."""
    assert read.seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("+14155550123", "+14155550123"),
        ("14155550123", "+14155550123"),
        (14155550123, "+14155550123"),
        ("+44 7700 900-123", "+447700900123"),
        (None, None),
        ("", None),
        ("somebody", "somebody"),
        (["+14155550123"], "['+14155550123']"),
        ("\x00", ""),
    ],
)
def test_a_phone_number_is_e164_or_what_was_said(value: object, expected: str | None) -> None:
    """What was said is kept, so that an event about somebody else is noticed (W14)."""
    assert read.phone_number(value) == expected


@pytest.mark.parametrize(
    "value",
    ["2024-01-15T10:30:05Z", "2024-01-15T10:30:05", "2024-01-15T12:30:05+02:00"],
)
def test_a_moment_is_in_utc(value: str) -> None:
    """Without a zone UTC is meant (W16)."""
    assert read.moment(value) == datetime(2024, 1, 15, 10, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2099-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "soon",
        "",
        None,
        1705314605,
    ],
)
def test_an_absurd_moment_is_none(value: object) -> None:
    """The time of receipt is then used (W16)."""
    assert read.moment(value) is None


@FUZZ
@given(ANY_JSON)
def test_no_value_makes_a_reader_raise(value: object) -> None:
    """Whatever JSON can hold."""
    for reader in (read.call_id, read.digits, read.seconds, read.phone_number, read.moment):
        reader(value)
    assert "\n" not in read.sentence(value)


@FUZZ
@given(st.binary(max_size=200))
def test_no_bytes_make_the_reader_raise(body: bytes) -> None:
    """Random bytes are an object or None."""
    assert isinstance(read.read_object(body), dict | None)
