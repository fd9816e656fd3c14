"""The phone number that a line begins with: it may hold blanks, so where does it end?"""

from __future__ import annotations

import re
import unicodedata

from bot.domain.phone_number import NUMBER_SIGNS, InvalidPhoneNumber, parse_phone_number
from handlers.typed_text import Mistaken, TypedText, quoted

_NUMBER_WORD = re.compile(rf"[+\uFF0B]?[\d{NUMBER_SIGNS}]+[,:;]?")
_NUMBER_BEGINS = re.compile(r"[+\uFF0B]|\(\d|\d{3}|\d+$|tel:", re.IGNORECASE)
_EXTENSION = re.compile(
    r"\s*(?:x|ext|extn|extension)[.:]?\s*\d+\b|#\d+\b|\s*#\s*\d+$", re.IGNORECASE
)
_SHORT_WORD = 2  # digits; a last group so short may be the message's: "... 5 tables"
_MOST_DIGITS = 15  # of E.164


def leading_number(line: TypedText, region: str | None) -> tuple[str, str] | None:
    """The number that the line begins with, as typed, and the rest; None if it has none."""
    text = line.marked
    first = line.target(text[0])
    if first != text[0]:
        return _with_extension(first, text[1:]) if _begins_number(first) else None
    quote = quoted(text)
    if quote and _begins_number(line.target(quote[0])):
        return _with_extension(line.target(quote[0]), text[quote[1] :])
    if not _begins_number(text):
        return None
    end = _end_of_number(text, region)
    return _with_extension(text[:end].rstrip(",:;"), text[end:])


def _begins_number(text: str) -> bool:
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf").split()
    return bool(visible) and _NUMBER_BEGINS.match(visible[0]) is not None


def _end_of_number(text: str, region: str | None) -> int:
    """Where the longest run of words that reads as a phone number ends.

    If none does, the whole run is taken, so that the answer is about all that was meant.
    """
    ends = _run(text)
    good = [end for end in ends if _reads_as_number(text[:end], region)]
    if not good:
        return ends[-1]
    end = good[-1]
    last_word = text[:end].rsplit(maxsplit=1)[-1]
    may_be_shorter = len(good) > 1 and len(re.sub(r"\D", "", last_word)) <= _SHORT_WORD
    if may_be_shorter and text[end:].strip():
        raise Mistaken(
            f"I cannot tell where the phone number ends: is “{last_word}” part of it? "
            f'Put the number in quotes, as in /robocall "+1 415 555 0123" Your table is ready'
        )
    return end


def _run(text: str) -> list[int]:
    """The ends of the leading words that look like parts of one number; the first always does."""
    ends: list[int] = []
    for word in re.finditer(r"\S+", text):
        is_part = _NUMBER_WORD.fullmatch(word[0]) is not None
        too_long = len(re.sub(r"\D", "", text[: word.end()])) > _MOST_DIGITS
        if ends and (not is_part or too_long):
            break
        ends.append(word.end())
        if not is_part or word[0][-1] in ",:;":
            break
    return ends


def _reads_as_number(text: str, region: str | None) -> bool:
    try:
        parse_phone_number(text.rstrip(",:;"), region)
    except InvalidPhoneNumber:
        return False
    return True


def _with_extension(number: str, rest: str) -> tuple[str, str]:
    """Keeps an extension with its number: there it is refused, in the message it would be lost."""
    extension = _EXTENSION.match(rest)
    end = extension.end() if extension else 0
    return number + rest[:end], rest[end:]
