"""Reading JSON that strangers wrote: every reader returns a value, none ever raises."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any, NoReturn

MAX_WORD = 64
MAX_SENTENCE = 200
MAX_SECONDS = 7 * 24 * 60 * 60
"""No call lasts a week; more is nonsense, and might not fit into the database."""

_CALL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGITS = re.compile(r"[0-9*#A-D]{1,32}")
_PHONE_NUMBERS = re.compile(r"\+[0-9][0-9 ().-]{4,}[0-9]|[0-9]{9,}")
_NOT_A_NUMBER = re.compile(r"[^0-9]")
_YEARS = range(2010, 2099)


def read_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object in `body`; None for anything else (fault-catalogue W20).

    Bad UTF-8, NaN, a key given twice, bottomless nesting and a number of thousands of digits
    are all "anything else".
    """
    try:
        value = _DECODER.decode(body.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text(value: object, *, limit: int) -> str:
    """A string on one line, without control characters, cut at `limit`; else ''."""
    if not isinstance(value, str):
        return ""
    # Four times the limit is plenty, and a long run of junk need not be looked at.
    shown = "".join(c if c.isprintable() else " " for c in value[: limit * 4])
    return " ".join(shown.split())[:limit]


def sentence(value: object) -> str:
    """What the voice service has to say to people; the numbers of phones are not for all."""
    return _PHONE_NUMBERS.sub("(number)", text(value, limit=MAX_SENTENCE))


def call_id(value: object) -> str | None:
    """An id of the voice service, safe in a URL (fault-catalogue 7)."""
    return value if isinstance(value, str) and _CALL_ID.fullmatch(value) else None


def digits(value: object) -> str | None:
    """Keys pressed, in order; a bare number counts (fault-catalogue W17)."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**MAX_WORD else ""
    return value if isinstance(value, str) and _DIGITS.fullmatch(value) else None


def seconds(value: object) -> int | None:
    """A duration in whole seconds, zero or more."""
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MAX_SECONDS else None


def phone_number(value: object) -> str | None:
    """A phone number as E.164 where it can be one, else what was said; None if nothing was.

    What was said is kept, so that an event about something else is noticed as such (W14).
    """
    if value in (None, ""):
        return None
    said = text(str(value)[: MAX_WORD * 4], limit=MAX_WORD)
    if re.fullmatch(r"\+?[0-9 ().-]{1,32}", said):
        return "+" + _NOT_A_NUMBER.sub("", said)
    return said


def moment(value: object) -> datetime | None:
    """An ISO 8601 time in UTC; without a zone UTC is meant; None if absurd (W16)."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at.year in _YEARS else None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object of these pairs; a key given twice has no meaning we could trust."""
    read = dict(pairs)
    if len(read) != len(pairs):
        message = "a key is given twice"
        raise ValueError(message)
    return read


def _no_constant(word: str) -> NoReturn:
    """Python would read NaN and Infinity, which are not JSON."""
    message = f"{word} is not JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(object_pairs_hook=_without_doubles, parse_constant=_no_constant)
