"""What a call plays: a message that is spoken, or a recording.

The message is checked as it will be heard, with its variables filled in, so that no
placeholder, no brace and no empty text ever reaches a phone.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from bot.domain import template
from bot.domain.errors import InvalidRequest

MAX_MESSAGE = 3000
MAX_URL = 2000
CHARACTERS_A_SECOND = 14

OPTIONS = (
    "voice",
    "language",
    "caller_id",
    "audio",
    "at",
    "retries",
    "retry_delay",
    "retry_on",
    "key",
    "goal",
    "post",
)
"""The words that are options on the command line; any other `word=value` is a variable."""

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # but for the line break
# Zero-width space, word joiner, byte order mark and the bidirectional controls. The joiners
# U+200C and U+200D stay: several scripts are read wrongly without them.
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_MARKUP = re.compile(r"<[^<>]*>|:[a-z0-9_+'-]+:")  # SSML tags, and emoji as Slack spells them


def clean_text(text: str) -> str:
    """`text` without what nobody can hear or see; line breaks stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return _INVISIBLE.sub("", _CONTROL.sub("", lines)).strip()


def clean_line(text: str) -> str:
    """The same for a text of one line: every run of blanks is one space."""
    return " ".join(clean_text(text).split())


def spoken_text(message: str, variables: Mapping[str, str]) -> str:
    """What the callee hears; a placeholder without a value still shows as `{{name}}`."""
    values = {name: clean_line(value) for name, value in variables.items()}
    return template.fill(clean_text(message), values)


def estimated_seconds(text: str) -> int:
    """How long it takes to speak `text`, roughly; at least 1."""
    return max(1, -(-len(text) // CHARACTERS_A_SECOND))


def checked_script(*, say: str, message: str, audio_url: str) -> tuple[str, str]:
    """Message and recording, exactly one of them filled.

    `say` (`text` or `audio`) decides where a form let the person choose; otherwise what is
    there decides. Raises InvalidRequest for `message` or `audio_url`.
    """
    words = "" if say == "audio" else clean_text(message)
    address = "" if say == "text" else audio_url.strip()
    if words and address:
        why = "Choose one: a message to speak or a recording to play, not both."
        raise InvalidRequest({"audio_url": why})
    if address:
        return "", checked_audio_url(address)
    if say == "audio":
        raise InvalidRequest({"audio_url": "Where is the recording? Write its https address."})
    return checked_message(words), ""


def checked_message(message: str) -> str:
    """`message` as the contract writes templates; raises InvalidRequest for `message`."""
    if not message:
        why = "What shall I say? Write the message, or give a recording instead."
        raise InvalidRequest({"message": why})
    if len(message) > MAX_MESSAGE:
        raise InvalidRequest({"message": _too_long(len(message))})
    if template.has_stray_braces(message):
        why = "There are stray {{ or }} in this. A placeholder is one word: {{name}}."
        raise InvalidRequest({"message": why})
    return template.tidy(message)


def checked_audio_url(url: str) -> str:
    """`url`, if the voice service can fetch it; raises InvalidRequest for `audio_url`."""
    why = "This is no web address. Write it like https://example.com/reminder.mp3."
    try:
        parts = urlsplit(url)
        host, has_port = parts.hostname or "", parts.port != 0
    except ValueError:  # a port that is no number, a broken IPv6 address
        raise InvalidRequest({"audio_url": why}) from None
    if "://" in url and parts.scheme != "https":
        raise InvalidRequest({"audio_url": "The recording's address must begin with https://."})
    is_plain = all(c.isprintable() and not c.isspace() and c not in '<>"\\' for c in url)
    if not is_plain or "." not in host.strip(".") or not has_port or len(url) > MAX_URL:
        raise InvalidRequest({"audio_url": why})
    if parts.username is not None:
        why = "This address holds a user name or password, which I would give away. Leave it out."
        raise InvalidRequest({"audio_url": why})
    return url


def checked_variables(
    variables: Mapping[str, str], *, bad: Sequence[str], message: str, replies: Iterable[str]
) -> dict[str, str]:
    """The variables, cleaned, if they fill `message` and the keys' `replies` exactly.

    `bad` are the lines that were no `name=value`. Raises InvalidRequest for `variables`, or
    for `message` if the filled text cannot be spoken.
    """
    if bad:
        why = f"Write each variable once, on its own line, as name=value; not “{_cut(bad[0])}”."
        raise InvalidRequest({"variables": why})
    values = {name: clean_line(value) for name, value in variables.items()}
    _check_values(values)
    text = "\n".join([message, *replies])
    why = _all_used(text, values, has_message=message != "")
    if why:
        raise InvalidRequest({"variables": why})
    if message:
        _check_spoken(spoken_text(message, values))
    return values


def _check_values(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if not template.is_variable_name(name):
            why = f"“{_cut(name)}” cannot be a variable's name: use letters, digits and _ only."
            raise InvalidRequest({"variables": why})
        if template.has_braces(value):
            why = f"The value of {_cut(name)} holds {{{{ or }}}}: leave the braces out."
            raise InvalidRequest({"variables": why})


def _all_used(text: str, values: Mapping[str, str], *, has_message: bool) -> str:
    """What is wrong between the placeholders and the values, or nothing."""
    unused = template.unused(text, values)
    missing = template.missing(text, values)
    for name in unused:
        option = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.75)
        if option and not difflib.get_close_matches(name, missing, n=1):
            return f"There is no {_braced(name)} in the message; did you mean {option[0]}=?"
    if missing:
        alike = difflib.get_close_matches(missing[0], unused, n=1)
        cure = f"did you mean {_braced(alike[0])}?" if alike else f"add {_cut(missing[0])}=..."
        return f"Nothing fills {' and '.join(_braced(name) for name in missing[:3])}; {cure}"
    if unused and not has_message:
        return f"A recording has no placeholders: leave out {_cut(unused[0])}=."
    if unused:
        first = _cut(unused[0])
        return (
            f"There is no {_braced(first)} in the message: leave out {first}=. "
            "On the command line, quote a message that holds = itself."
        )
    return ""


def _check_spoken(text: str) -> None:
    if len(text) > MAX_MESSAGE:
        raise InvalidRequest({"message": _too_long(len(text))})
    if not any(unicodedata.category(c)[0] in "LN" for c in _MARKUP.sub("", text)):
        raise InvalidRequest({"message": "There is nothing to speak in this. Write it in words."})


def _too_long(length: int) -> str:
    return f"This is {length:,} characters long; the limit is {MAX_MESSAGE:,}. Shorten it."


def _braced(name: str) -> str:
    return "{{" + _cut(name) + "}}"


def _cut(text: str) -> str:
    most = 20
    return text if len(text) <= most else text[: most - 1] + "…"
