"""Sentences of pieces, written once and shown twice: as rich text and as the `text` of a message.

A plain `str` is always inert, whoever wrote it: in rich text nothing is markup, in mrkdwn it is
escaped. Bold words, times, people and channels are pieces of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.slack.text import DATE, clean, cut, cut_mrkdwn, escape, one_line, slack_date, utc_words

MAX_SAID = 300


@dataclass(frozen=True, slots=True)
class Bold:
    """Words that stand out."""

    text: str


@dataclass(frozen=True, slots=True)
class At:
    """A time, shown in the reader's own zone."""

    time: datetime
    style: str = DATE


@dataclass(frozen=True, slots=True)
class User:
    """A person in Slack, by id."""

    id: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel in Slack, by id."""

    id: str


Piece = str | Bold | At | User | Channel
Pieces = list[Piece]


def said(words: str) -> str:
    """Somebody else's words in quotation marks, on one line and not too many."""
    return f"“{cut(one_line(words), MAX_SAID)}”"


def to_mrkdwn(pieces: Iterable[Piece]) -> str:
    """The sentence for the `text` of a message: what notifications and screen readers get."""
    return cut_mrkdwn("".join(_mrkdwn(piece) for piece in pieces))


def _mrkdwn(piece: Piece) -> str:
    match piece:
        case Bold(text=text):
            return f"*{escape(clean(text))}*"
        case At(time=time, style=style):
            return slack_date(time, style)
        case User(id=user_id):
            return f"<@{escape(user_id)}>"
        case Channel(id=channel_id):
            return f"<#{escape(channel_id)}>"
        case _:
            return escape(clean(piece))


def to_leaves(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    """The sentence as leaves of a rich text element; empty texts are left out."""
    leaves = (_leaf(piece) for piece in pieces)
    return [leaf for leaf in leaves if leaf.get("text", leaf) != ""]


def _leaf(piece: Piece) -> dict[str, Any]:
    match piece:
        case Bold(text=text):
            return {"type": "text", "text": clean(text), "style": {"bold": True}}
        case At(time=time, style=style):
            return {
                "type": "date",
                "timestamp": int(time.timestamp()),
                "format": style,
                "fallback": utc_words(time),
            }
        case User(id=user_id):
            return {"type": "user", "user_id": user_id}
        case Channel(id=channel_id):
            return {"type": "channel", "channel_id": channel_id}
        case _:
            return {"type": "text", "text": clean(piece)}


def joined(lines: Iterable[Pieces], between: str = "\n") -> Pieces:
    """Several sentences as one, with `between` between them."""
    whole: Pieces = []
    for line in lines:
        whole += [between, *line] if whole else line
    return whole


def person(user_id: str) -> Piece:
    """A person if it looks like a Slack id, else the words as they are."""
    looks_like_an_id = user_id[:1] in {"U", "W"} and user_id.isalnum()
    return User(user_id) if looks_like_an_id else user_id
