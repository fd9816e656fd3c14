"""Small pure checks that are put together into the rules of Block Kit.

A check takes a value and its JSON pointer and yields one sentence per problem, in Slack's own words
and with Slack's own ending: ``must be less than 76 characters [json-pointer:/blocks/0/text]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

Check: TypeAlias = Callable[[Any, str], Iterator[str]]
"""Takes a value and its JSON pointer; yields the problems."""

MAX_ID = 255
MAX_URL = 3000


def problem(pointer: str, words: str) -> str:
    """One problem as Slack writes it in `response_metadata.messages`."""
    return f"{words} [json-pointer:{pointer or '/'}]"


def string(*, most: int, least: int = 1, pattern: str = "", shape: str = "") -> Check:
    """A string of `least` to `most` characters which, if a `pattern` is given, has that `shape`."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem(pointer, "must provide a string")
        elif len(value) < least:
            yield problem(pointer, f"must be more than {least - 1} characters")
        elif len(value) > most:
            yield problem(pointer, f"must be less than {most + 1} characters")
        elif pattern and not re.fullmatch(pattern, value):
            yield problem(pointer, f"must be {shape}")

    return check


def boolean(value: Any, pointer: str) -> Iterator[str]:
    """True or false, and nothing that merely looks like it."""
    if not isinstance(value, bool):
        yield problem(pointer, "must provide a boolean")


def integer(*, least: int, most: int) -> Check:
    """A whole number within the bounds."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem(pointer, "must provide a number")
        elif not least <= value <= most:
            yield problem(pointer, f"must be between {least} and {most}")

    return check


def choice(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if value not in allowed:
            yield problem(pointer, f"must be one of: {', '.join(allowed)}")

    return check


def list_of(item: Check, *, most: int, least: int = 1) -> Check:
    """A list of `least` to `most` values that all pass `item`."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem(pointer, "must provide an array")
            return
        if len(value) < least:
            yield problem(pointer, f"must contain at least {least} items")
        if len(value) > most:
            yield problem(pointer, f"no more than {most} items allowed")
        for index, entry in enumerate(value):
            yield from item(entry, f"{pointer}/{index}")

    return check


def anything(value: Any, pointer: str) -> Iterator[str]:  # noqa: ARG001 - it is a Check like all others
    """Whatever it is, it is right (it was looked at already)."""
    yield from ()


def fields(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object that has all `required` keys, and no key beyond the `optional` ones."""
    known = {**(optional or {}), **required}

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem(pointer, "must provide an object")
            return
        for name in required:
            if value.get(name) is None:
                yield problem(pointer, f"missing required field: {name}")
        for name, entry in value.items():
            if name not in known:
                yield problem(pointer, f"invalid additional property: {name}")
            elif entry is not None:
                yield from known[name](entry, f"{pointer}/{name}")

    return check


def by_type(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` names one of `kinds`; that kind's check decides the rest."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem(pointer, "must provide an object")
            return
        kind = value.get("type")
        if not isinstance(kind, str):
            yield problem(pointer, "missing required field: type")
        elif kind not in kinds:
            yield problem(f"{pointer}/type", f"unsupported type: {kind}")
        else:
            yield from kinds[kind](value, pointer)

    return check


def both(*checks: Check) -> Check:
    """All the checks, one after the other."""

    def check(value: Any, pointer: str) -> Iterator[str]:
        for each in checks:
            yield from each(value, pointer)

    return check


def plain_text(most: int) -> Check:
    """A `plain_text` object of at most `most` characters."""
    body = {"type": anything, "text": string(most=most)}
    return by_type({"plain_text": fields(body, {"emoji": boolean})})


def any_text(most: int) -> Check:
    """A `plain_text` or `mrkdwn` object of at most `most` characters."""
    body = {"type": anything, "text": string(most=most)}
    return by_type(
        {
            "plain_text": fields(body, {"emoji": boolean}),
            "mrkdwn": fields(body, {"verbatim": boolean}),
        }
    )


identifier: Check = string(most=MAX_ID)
"""A block_id, action_id, callback_id or external_id."""

url: Check = string(most=MAX_URL, pattern=r"https?://\S+", shape="a valid URL")
"""A web address."""
