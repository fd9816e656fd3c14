"""How domain values look in SQLite: times are milliseconds UTC, collections are JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from bot.domain.call import KeyOption
from bot.domain.result import Result

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def to_ms(at: datetime) -> int:
    """Milliseconds since 1970, rounded down; a naive time is a TypeError."""
    return (at - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """The aware UTC time of `to_ms`."""
    return _EPOCH + ms * _MILLISECOND


def to_ms_or_none(at: datetime | None) -> int | None:
    """`to_ms` of a time that may be missing."""
    return None if at is None else (at - _EPOCH) // _MILLISECOND


def from_ms_or_none(ms: int | None) -> datetime | None:
    """`from_ms` of a time that may be missing."""
    return None if ms is None else _EPOCH + ms * _MILLISECOND


def to_json(value: Mapping[str, Any]) -> str:
    """Readable JSON whose text is the same for equal mappings, so that SQL can compare it."""
    return _ENCODE(value) if value else "{}"


def from_json(text: str) -> dict[str, Any]:
    """The mapping of `to_json`."""
    return {} if text == "{}" else dict(json.loads(text))


def keys_to_json(keys: Sequence[KeyOption]) -> str:
    """Keypad options in their order."""
    return _ENCODE([[key.digit, key.label, key.reply] for key in keys]) if keys else "[]"


@lru_cache(maxsize=1024)
def keys_from_json(text: str) -> tuple[KeyOption, ...]:
    """The options of `keys_to_json`; immutable, hence shared between the calls of a batch."""
    return tuple(KeyOption(digit=d, label=la, reply=re) for d, la, re in json.loads(text))


@lru_cache(maxsize=64)
def results_to_json(results: frozenset[Result]) -> str:
    """Results in alphabetical order."""
    return _ENCODE(sorted(results))


@lru_cache(maxsize=64)
def results_from_json(text: str) -> frozenset[Result]:
    """The results of `results_to_json`."""
    return frozenset(map(Result, json.loads(text)))
