"""Text made safe and small for Slack (slack-facts 2.7): escaping, cutting, dates, numbers.

Whatever a person or the voice service wrote is shown as it is and does nothing: no pings, no
links, no markup, no hidden characters.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

MAX_TEXT = 3000
"""Our own bound for a message's `text`; chat.update refuses more than 4000 characters."""

DATE = "{date_short_pretty} at {time}"
DATE_WITH_SECONDS = "{date_short_pretty} at {time_secs}"

_ELLIPSIS = "…"
_LINE_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_DROPPED = {"Cc", "Cs", "Co", "Cn"}
_OPEN_ENTITY = re.compile(r"&[a-z]{0,4}$")


def clean(text: str) -> str:
    """Without control characters, lone surrogates and marks that turn the reading order."""
    if text.isprintable():  # none of them is; this is nearly every text
        return text
    text = _LINE_BREAKS.sub("\n", text).replace("\t", " ")
    return "".join(
        char
        for char in text
        if char == "\n" or (char not in _BIDI and unicodedata.category(char) not in _DROPPED)
    )


def one_line(text: str) -> str:
    """Clean, and on a single line."""
    return " ".join(clean(text).split())


def escape(text: str) -> str:
    """As mrkdwn that shows exactly this text. Once, at the renderer, never twice."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def cut(text: str, limit: int) -> str:
    """At most `limit` characters of plain text, with an ellipsis if some are left out."""
    if len(text) <= limit:
        return text
    return text[: limit - 1].rstrip() + _ELLIPSIS


def cut_mrkdwn(text: str, limit: int = MAX_TEXT) -> str:
    """At most `limit` characters of rendered mrkdwn, never cut inside `&amp;` or `<...>`."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 1]
    opened = kept.rfind("<")
    if opened > kept.rfind(">"):
        kept = kept[:opened]
    return _OPEN_ENTITY.sub("", kept).rstrip() + _ELLIPSIS


def utc_words(at: datetime) -> str:
    """A time for those who cannot see it in their own zone: `2026-11-24 09:00 UTC`."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def slack_date(at: datetime, style: str = DATE) -> str:
    """A time that Slack shows in the reader's own zone."""
    return f"<!date^{int(at.timestamp())}^{style}|{utc_words(at)}>"


def count(number: int, noun: str) -> str:
    """`1 second`, `25 seconds`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def seconds(number: int) -> str:
    """A duration in words: `25 seconds`, `2 minutes 5 seconds`."""
    minutes, rest = divmod(number, 60)
    words = [count(minutes, "minute")] if minutes else []
    words += [count(rest, "second")] if rest or not minutes else []
    return " ".join(words)
