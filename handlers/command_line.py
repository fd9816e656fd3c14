"""The grammar of `/robocall ...` (design.md 3.4): one typed line becomes one command.

Pure: nothing is looked up and nothing is dialled here. What a call's options mean is checked
by `bot.domain.draft`, the same way as the form's fields.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.draft import CallDraft
from bot.domain.script import OPTIONS
from handlers.leading_number import leading_number
from handlers.typed_text import Mistaken, Option, TypedText, UnclosedQuote, cut, split_line

LISTS = ("scheduled", "active", "done")
TOPICS = ("call", "campaign", "list", "status", "cancel")
EXAMPLE = "/robocall +14155550123 Your table is ready"

_SUBCOMMANDS = ("campaign", "batch", "list", "status", "cancel", "help")
_REFERENCE = re.compile(r"#?([A-Za-z0-9_-]{1,64})")
_PART_OF_A_TIME = re.compile(
    r"([ap]\.?m|today|tomorrow|(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenForm:
    """Open the call form, with what was typed so far."""

    prefill: CallDraft | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenCampaignForm:
    """Open the campaign form."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CallNow:
    """Call as typed, once `check_draft` agrees; an empty `post` means the current channel."""

    draft: CallDraft


@dataclass(frozen=True, kw_only=True, slots=True)
class ListCalls:
    """Show calls: `scheduled`, `active`, `done`, or empty for all."""

    which: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowStatus:
    """Show one call, by our id or the voice service's."""

    ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelCall:
    """Cancel one call, by our id or the voice service's."""

    ref: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Help:
    """Explain one of TOPICS, or empty: everything."""

    topic: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mistake:
    """The line means nothing; `text` (plain, holds the person's own words) says how to write it."""

    text: str


Command = (
    OpenForm | OpenCampaignForm | CallNow | ListCalls | ShowStatus | CancelCall | Help | Mistake
)


def parse_command(text: str, default_region: str | None = None) -> Command:
    """The command that the text after `/robocall` means; never fails.

    `default_region` (ISO) helps to see where a number typed without `+` ends.
    """
    line = TypedText(text)
    try:
        if not line.marked:
            return OpenForm()
        number = leading_number(line, default_region)
        if number:
            return _call(line, *number)
        word, *rest = line.typed(line.marked).split()
        return _subcommand(word, rest)
    except Mistaken as mistaken:
        return Mistake(text=str(mistaken))


# --- subcommands -----------------------------------------------------------------------


def _subcommand(word: str, rest: Sequence[str]) -> Command:
    name = word.lower()
    if name in {"status", "cancel"}:
        ref = _reference(name, rest)
        return ShowStatus(ref=ref) if name == "status" else CancelCall(ref=ref)
    if name == "list":
        return ListCalls(which=_one_of(LISTS, "list", rest))
    if name == "help":
        topic = ["campaign" if word.lower() == "batch" else word for word in rest]
        return Help(topic=_one_of(TOPICS, "help", topic))
    if name in {"campaign", "batch"} and not rest:
        return OpenCampaignForm()
    if name in {"campaign", "batch"}:
        raise Mistaken(f"“{name}” takes nothing more: write /robocall campaign for the form.")
    raise Mistaken(_unknown(word))


def _unknown(word: str) -> str:
    alike = difflib.get_close_matches(word.lower(), _SUBCOMMANDS, n=1, cutoff=0.7)
    guess = f" Did you mean “{alike[0]}”?" if alike else ""
    return (
        f"I do not know “{cut(word)}”.{guess} Begin with a phone number, as in {EXAMPLE}, or "
        "with campaign, list, status, cancel or help."
    )


def _one_of(words: Sequence[str], name: str, rest: Sequence[str]) -> str:
    """The one word after `name`, or empty if there is none."""
    if not rest:
        return ""
    if len(rest) == 1 and rest[0].lower() in words:
        return rest[0].lower()
    alike = difflib.get_close_matches(rest[0].lower(), words, n=1)
    guess = f" Did you mean “{name} {alike[0]}”?" if alike else ""
    choices = f"{', '.join(words[:-1])} or {words[-1]}"
    raise Mistaken(f"After “{name}” comes {choices}, or nothing.{guess}")


def _reference(name: str, rest: Sequence[str]) -> str:
    found = _REFERENCE.fullmatch(rest[0].strip("`")) if len(rest) == 1 else None
    if found is None:
        raise Mistaken(
            f"Which call? Write its id, like /robocall {name} 12. /robocall list shows the ids."
        )
    return found[1]


# --- the call --------------------------------------------------------------------------


def _call(line: TypedText, to: str, rest: str) -> Command:
    try:
        options, message = split_line(rest)
    except UnclosedQuote as unclosed:
        start = cut(line.typed(str(unclosed)))
        raise Mistaken(
            "A quote is not closed. End what you quote with the same quote and a space; "
            f"it begins at: {start}"
        ) from None
    draft = _draft(line, to=to, message=line.typed(message), options=options)
    if not draft.message and not draft.audio_url:
        return OpenForm(prefill=draft)
    return CallNow(draft=draft)


def _draft(line: TypedText, *, to: str, message: str, options: Sequence[Option]) -> CallDraft:
    reserved = [o for o in options if o.name in OPTIONS and not o.is_variable]
    variables = [o for o in options if o.name not in OPTIONS or o.is_variable]
    for option in reserved:
        _check_value(option)
    _check_once([option.name for option in reserved if option.name != "key"])
    _check_once([option.name for option in variables])
    value = {o.name: line.typed(o.value) for o in reserved}
    target = {o.name: line.target(o.value) for o in reserved}
    words = tuple(word for word in value.get("retry_on", "").split(",") if word.strip())
    return CallDraft(
        to=to,
        message=message,
        audio_url=target.get("audio", ""),
        variables={option.name: line.typed(option.value) for option in variables},
        voice=value.get("voice", ""),
        language=value.get("language", ""),
        caller_id=target.get("caller_id", ""),
        when=value.get("at"),
        retries=value.get("retries", ""),
        retry_delay=value.get("retry_delay", ""),
        retry_on=words if "retry_on" in value else None,
        keypad=tuple(line.typed(o.value) for o in reserved if o.name == "key"),
        goal=value.get("goal", ""),
        post=target.get("post", ""),
    )


def _check_value(option: Option) -> None:
    """An empty `at=` would call at once, and half a time at the wrong hour."""
    if not option.value.strip():
        raise Mistaken(f"{option.name}= has no value: write it without a space after the =.")
    if option.name == "at" and not option.is_quoted and _PART_OF_A_TIME.match(option.next_word):
        raise Mistaken(
            f'Put the whole time in quotes: at="{option.value} {cut(option.next_word)}".'
        )


def _check_once(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise Mistaken(f"{cut(name)}= is there twice: give it once.")
