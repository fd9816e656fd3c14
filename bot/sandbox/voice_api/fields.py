"""Readers for one JSON field each: the value, or an `ApiError` (400) that names the field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bot.sandbox.voice_api.errors import bad_field

# Looser than E.164 on purpose: the contract's own examples use +0987654321.
_PHONE_NUMBER = re.compile(r"\+[0-9]{7,15}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_ISO_8601 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})")
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f]")


def text(value: object, field: str) -> str:
    """A string that is not blank."""
    if not isinstance(value, str):
        raise bad_field(field, f"{field} must be a string")
    if not value.strip():
        raise bad_field(field, f"{field} must not be empty")
    return value


def phone_number(value: object, field: str) -> str:
    """A `+` and 7 to 15 digits."""
    number = text(value, field)
    if not _PHONE_NUMBER.fullmatch(number):
        raise bad_field(field, f"{field} must be in E.164 form: + and 7 to 15 digits")
    return number


def language(value: object, field: str) -> str:
    """A language code such as en or en-GB."""
    code = text(value, field)
    if not _LANGUAGE.fullmatch(code):
        raise bad_field(field, f"{field} must be a language code such as en or en-GB")
    return code


def web_url(value: object, field: str) -> str:
    """An absolute http or https URL."""
    url = text(value, field)
    if not _is_web_url(url):
        raise bad_field(field, f"{field} must be an http or https URL")
    return url


def _is_web_url(url: str) -> bool:
    if _BLANKS.search(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a bad port or a bad IPv6 address
        return False


def moment(value: object, field: str) -> datetime:
    """An ISO 8601 date and time with its zone, in UTC."""
    written = text(value, field)
    try:
        if not _ISO_8601.fullmatch(written):
            raise ValueError(written)
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        why = f"{field} must be an ISO 8601 time with its zone, such as 2024-01-20T07:00:00Z"
        raise bad_field(field, why) from None


def boolean(value: object, field: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise bad_field(field, f"{field} must be true or false")
    return value


def integer(lowest: int, highest: int) -> Callable[[object, str], int]:
    """A reader of whole numbers in that range, both ends included."""

    def read(value: object, field: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise bad_field(field, f"{field} must be an integer")
        if not lowest <= value <= highest:
            raise bad_field(field, f"{field} must be between {lowest} and {highest}")
        return value

    return read


def mapping(value: object, field: str) -> dict[str, object]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise bad_field(field, f"{field} must be an object")
    return value


def scalars(value: object, field: str) -> dict[str, str]:
    """An object of strings, numbers and booleans, as the texts that would be spoken."""
    return {name: _spoken(item, f"{field}.{name}") for name, item in mapping(value, field).items()}


def _spoken(value: object, field: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    raise bad_field(field, f"{field} must be a string, a number or a boolean")


def only(known: Mapping[str, object], body: Mapping[str, object], prefix: str = "") -> None:
    """Refuse a body with a field that is not in the contract: it is a typo."""
    for name in body:
        if name not in known:
            field = f"{prefix}{name}"
            why = f"{field} is not a parameter; known here: {', '.join(known)}"
            raise bad_field(field, why, code="unknown_parameter")
