"""What Slack makes of a typed line, undone; and the line split into options and a message.

With `should_escape` Slack sends links, channels and people as `<...>` and escapes `& < >`
(slack-facts 2.7); phones turn quotes into curly ones, `--` into a long dash and some spaces
into non-breaking ones. What is spoken must be what was typed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_ENCODED = re.compile(r"<([^<>]*)>|&(?:amp|lt|gt);")
_HARD_SPACES = re.compile("[\u00a0\u2007\u202f]")

# Each <...> becomes one character of a private plane while the line is split, so that no blank,
# quote or = inside a link is taken for syntax. Nobody can type these: they are removed first.
_FIRST_MARK = 0xF0000
_MARKS = re.compile("[\U000f0000-\U000ffffd]")

_DOUBLE = re.compile('["“”„](?P<body>(?:\\\\.|[^"“”„\\\\])*)["“”„]', re.DOTALL)
_SINGLE = re.compile("['‘’‚](?P<body>(?:\\\\.|[^\\\\])*?)['‘’](?!\\w)", re.DOTALL)  # noqa: RUF001 - quotes
_ESCAPED = re.compile("\\\\([\"“”„'‘’‚\\\\])")  # noqa: RUF001 - quotes
_DOUBLE_QUOTES = frozenset('"“”„')
_ANY_QUOTE = _DOUBLE_QUOTES | frozenset("'‘’‚")  # noqa: RUF001 - quotes

_OPTION = re.compile(r"(?:--|[–—])?(?P<var>var:)?(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")
_AFTER_VALUE = re.compile(r"[,;]?(?=\s|$)")


class Mistaken(Exception):
    """The line means nothing; the text says why and how to write it."""


class UnclosedQuote(Exception):
    """A quote was opened and not closed; the message is the text from there on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Link:
    """What a person typed, and what Slack made it stand for."""

    typed: str
    target: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One `word=value`; `value` is still marked (see `TypedText`), `next_word` follows it."""

    name: str
    value: str
    is_variable: bool = False
    is_quoted: bool = False
    next_word: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Words:
    """A part of the message as it was typed; `body` is what stands within its quotes."""

    raw: str
    body: str | None = None


class TypedText:
    """A line as Slack sent it, decoded; its links are single marks until they are read.

    `marked` is the line to work on. `typed` turns a part of it into what the person saw,
    `target` into what stood behind it: an address, a number, a channel id.
    """

    def __init__(self, raw: str) -> None:
        self._links: list[_Link] = []
        plain = _HARD_SPACES.sub(" ", _MARKS.sub("", raw))
        self.marked = _ENCODED.sub(self._mark, plain).strip()

    def _mark(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return html.unescape(found[0])
        self._links.append(_read_link(html.unescape(found[1])))
        return chr(_FIRST_MARK + len(self._links) - 1)

    def _link(self, mark: re.Match[str]) -> _Link:
        return self._links[ord(mark[0]) - _FIRST_MARK]

    def typed(self, part: str) -> str:
        """What the person typed and sees."""
        return _MARKS.sub(lambda mark: self._link(mark).typed, part)

    def target(self, part: str) -> str:
        """What the links stand for."""
        return _MARKS.sub(lambda mark: self._link(mark).target, part)


def _read_link(inside: str) -> _Link:
    target, _, label = inside.partition("|")
    kind = target[:1]
    if kind in {"#", "@"}:
        return _Link(typed=kind + (label or target[1:]), target=target[1:])
    if kind == "!":
        typed = label or "@" + target[1:].split("^")[0]
        return _Link(typed=typed, target=typed)
    plain = re.sub(r"^(tel|mailto):", "", target)
    return _Link(typed=label or plain, target=plain)


def quoted(text: str, start: int = 0) -> tuple[str, int] | None:
    """The quoted text that begins at `start` and where it ends; None if none does."""
    found = _DOUBLE.match(text, start) or _SINGLE.match(text, start)
    return (_ESCAPED.sub(r"\1", found["body"]), found.end()) if found else None


def split_line(text: str) -> tuple[list[Option], str]:
    """The options of `text`, and the message: all the rest, as it was typed.

    A message that is quoted as a whole loses its quotes. Raises UnclosedQuote.
    """
    parts = list(_parts(text))
    words = [part for part in parts if isinstance(part, Words)]
    options = [part for part in parts if isinstance(part, Option)]
    if len(words) == 1 and words[0].body is not None:
        return options, words[0].body
    return options, "".join(part.raw for part in words).strip()


def _parts(text: str) -> Iterator[Option | Words]:
    position = 0
    while position < len(text):
        start = _after_blanks(text, position)
        option = _OPTION.match(text, start) if start == 0 or start > position else None
        if option:
            part, end = _option(option)
            yield part
        else:
            body, end = _words(text, start)
            yield Words(raw=text[position:end], body=body)
        position = end


def _option(name: re.Match[str]) -> tuple[Option, int]:
    text, start = name.string, name.end()
    is_quoted = text[start : start + 1] in _ANY_QUOTE
    value, end = _quoted_value(text, start) if is_quoted else _bare(text, start)
    option = Option(
        name=name["name"],
        value=value,
        is_variable=name["var"] is not None,
        is_quoted=is_quoted,
        next_word=_bare(text, _after_blanks(text, end))[0],
    )
    return option, end


def _quoted_value(text: str, start: int) -> tuple[str, int]:
    found = quoted(text, start)
    after = _AFTER_VALUE.match(text, found[1]) if found else None
    if found is None or after is None:
        raise UnclosedQuote(text[start:])
    return found[0], after.end()


def _words(text: str, start: int) -> tuple[str | None, int]:
    """A quoted part, with its body, or one word. A lone single quote is an apostrophe."""
    found = quoted(text, start)
    if found:
        return found
    if text[start : start + 1] in _DOUBLE_QUOTES:
        raise UnclosedQuote(text[start:])
    return None, _bare(text, start)[1]


def _bare(text: str, start: int) -> tuple[str, int]:
    end = next((n for n in range(start, len(text)) if text[n].isspace()), len(text))
    return text[start:end], end


def _after_blanks(text: str, start: int) -> int:
    return next((n for n in range(start, len(text)) if not text[n].isspace()), len(text))


def cut(text: str) -> str:
    """The beginning of the person's own words, to say which ones are meant."""
    most = 40
    return text if len(text) <= most else text[: most - 1] + "…"
