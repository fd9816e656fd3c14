"""The keys a callee may press, as lines `1 Confirm: spoken reply`, and the goal they serve."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.domain.call import GOAL_ANSWERED, GOAL_ANY_KEY, KeyOption
from bot.domain.errors import InvalidRequest
from bot.domain.script import clean_line
from bot.domain.template import has_stray_braces

MAX_LABEL = 40
MAX_REPLY = 500

_LINE = re.compile(r"([0-9*#])[.:)]?\s+(.+)")
_COLON = re.compile(r"(?<!\d):|:(?!\d)")  # not the one in 10:30
_HOW = "Write one key per line: digit, label, colon, reply, like 1 Confirm: Thank you!"

_NUMERALS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGITS = {word: str(digit) for digit, word in enumerate(_NUMERALS)}
_DIGITS |= {"star": "*", "pound": "#", "hash": "#"}
_KEY = rf"([0-9*#](?!\d)|{'|'.join(_DIGITS)})"
_PRESS = re.compile(rf"\bpress(?:ing)?\s+(?:(?:the|key|number|button)\s+)*{_KEY}")
_OR = re.compile(rf"(?:\b(?:or|and)|,)\s+{_KEY}(?=\s*(?:to|for|if|or|and)\b|\s*[.,!?]|\s*$)")


def read_key(line: str) -> KeyOption:
    """One key; raises InvalidRequest for `keypad`."""
    found = _LINE.fullmatch(clean_line(line))
    if found is None:
        raise _bad(f"I cannot read “{line.strip()[:30]}”. {_HOW}")
    label, *replies = (part.strip() for part in _COLON.split(found[2], maxsplit=1))
    reply = "".join(replies)
    if not label:
        raise _bad(f"Key {found[1]} has no label. {_HOW}")
    if len(label) > MAX_LABEL:
        raise _bad(f"The label of key {found[1]} is too long: {MAX_LABEL} characters at most.")
    if len(reply) > MAX_REPLY:
        raise _bad(f"The reply of key {found[1]} is too long: {MAX_REPLY} characters at most.")
    if has_stray_braces(reply):
        raise _bad(f"The reply of key {found[1]} holds stray {{{{ or }}}}.")
    return KeyOption(digit=found[1], label=label, reply=reply)


def checked_keys(lines: Iterable[str]) -> tuple[KeyOption, ...]:
    """All keys, each digit once; raises InvalidRequest for `keypad`."""
    keys = tuple(read_key(line) for line in lines if line.strip())
    digits = [key.digit for key in keys]
    for digit in digits:
        if digits.count(digit) > 1:
            raise _bad(f"Key {digit} is there twice. Give each key one meaning.")
    return keys


def checked_goal(goal: str, keys: Sequence[KeyOption] | None) -> str:
    """The goal, if the keys can meet it; None for `keys`: they are wrong themselves."""
    wanted = "_".join(goal.lower().split()) or GOAL_ANSWERED
    if wanted not in {GOAL_ANSWERED, GOAL_ANY_KEY} and not re.fullmatch("[0-9*#]", wanted):
        why = "The goal is answered, any_key, or the one key that counts as success, like 1."
        raise InvalidRequest({"goal": why})
    if keys is None or wanted == GOAL_ANSWERED:
        return wanted
    if wanted == GOAL_ANY_KEY and not keys:
        why = "No key is defined, so none can be pressed. Add one, like 1 Confirm: Thank you!"
        raise InvalidRequest({"goal": why})
    if wanted != GOAL_ANY_KEY and wanted not in {key.digit for key in keys}:
        why = f"Key {wanted} is not defined. Add it to the keys, like {wanted} Confirm: Thank you!"
        raise InvalidRequest({"goal": why})
    return wanted


def defined_digits(lines: Iterable[str]) -> frozenset[str]:
    """The digits of those lines that can be read."""
    found = (_LINE.fullmatch(clean_line(line)) for line in lines)
    return frozenset(line[1] for line in found if line)


def keys_asked_for(text: str) -> tuple[str, ...]:
    """The keys an English message tells the callee to press: `press 1 to confirm or 2 to move`."""
    words = text.lower()
    if not _PRESS.search(words):
        return ()
    found = [*_PRESS.findall(words), *_OR.findall(words)]
    return tuple(dict.fromkeys(_DIGITS.get(key, key) for key in found))


def _bad(why: str) -> InvalidRequest:
    return InvalidRequest({"keypad": why})
