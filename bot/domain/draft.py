"""From what a person typed to a call request: one value, one check, for every door.

The command line and the form both make a `CallDraft`: words by field, nothing checked.
`check_draft` is the only way from there to a `CallRequest`. It names everything that is
wrong at once, keyed by the form's fields (design.md 3.5), and changes nothing silently.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from bot.domain import when
from bot.domain.call import DEFAULT_RETRY_DELAY, MAX_RETRIES, CallRequest, KeyOption
from bot.domain.errors import InvalidRequest
from bot.domain.keypad import checked_goal, checked_keys, defined_digits, keys_asked_for
from bot.domain.phone_number import InvalidPhoneNumber, parse_phone_number
from bot.domain.result import DEFAULT_RETRY_ON, RETRYABLE, Result
from bot.domain.script import (
    checked_script,
    checked_variables,
    estimated_seconds,
    spoken_text,
)
from bot.domain.template import fill

__all__ = ["CallDraft", "check_draft", "estimated_seconds", "hints", "needs_zone", "spoken_text"]

MAX_RETRY_DELAY = timedelta(days=1)
LONG_MESSAGE = 60
"""Seconds; people hang up on longer ones."""

_VOICE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{1,30}")

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class CallDraft:
    """What was typed into each field, raw.

    `say` is the form's choice between `message` and `audio_url`; empty where none was asked.
    `variables` are split already, `bad_variables` the lines that could not be. `when` is a
    text, a moment picked in the form, or None: now. `retry_on` None means the default.
    `keypad` holds lines `1 Confirm: spoken reply`. `post` is a channel id, or the
    person's own for their direct messages.
    """

    to: str = ""
    say: Literal["text", "audio", ""] = ""
    message: str = ""
    audio_url: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    bad_variables: tuple[str, ...] = ()
    voice: str = ""
    language: str = ""
    caller_id: str = ""
    when: str | datetime | None = None
    retries: str = ""
    retry_delay: str = ""
    retry_on: tuple[str, ...] | None = None
    keypad: tuple[str, ...] = ()
    goal: str = ""
    post: str = ""


class _Problems(dict[str, str]):
    """Field by field, what is wrong."""

    def of(self, check: Callable[[], T], instead: T) -> T:
        """What `check` returns; if it refuses, its problems are kept and `instead` is."""
        try:
            return check()
        except InvalidRequest as refused:
            self.update(refused.problems)
            return instead


def check_draft(
    draft: CallDraft,
    *,
    requested_by: str,
    now: datetime,
    zone: ZoneInfo | None,
    default_region: str | None,
) -> CallRequest:
    """The call request that `draft` means, or InvalidRequest with everything that is wrong.

    `zone` is the person's own, None if unknown (see `needs_zone`); `default_region` (ISO)
    reads numbers without `+`. In the request `due_at` None means now, and the keys' replies
    are filled: the contract promises templating for the message only.
    """
    wrong = _Problems()
    script = wrong.of(lambda: _script(draft), None)
    keys = wrong.of(lambda: checked_keys(draft.keypad), None)
    nothing: dict[str, str] = {}
    variables = wrong.of(lambda: _variables(draft, script, keys or ()), nothing)
    to = wrong.of(lambda: _number("to", draft.to, default_region), "")
    request = CallRequest(
        phone_number=to,
        requested_by=requested_by,
        channel=wrong.of(lambda: _channel(draft.post, own=requested_by), ""),
        message=script[0] if script else "",
        audio_url=script[1] if script else "",
        variables=variables,
        voice=wrong.of(lambda: _voice(draft.voice.strip()), ""),
        language=wrong.of(lambda: _language(draft.language.strip()), ""),
        caller_id=wrong.of(lambda: _caller_id(draft.caller_id, default_region, to=to), ""),
        keys=tuple(replace(key, reply=fill(key.reply, variables)) for key in keys or ()),
        due_at=wrong.of(lambda: _due_at(draft.when, now=now, zone=zone), None),
        retries=wrong.of(lambda: _retries(draft.retries), 0),
        retry_delay=wrong.of(lambda: _retry_delay(draft.retry_delay), DEFAULT_RETRY_DELAY),
        retry_on=wrong.of(lambda: _retry_on(draft), DEFAULT_RETRY_ON),
        goal=wrong.of(lambda: checked_goal(draft.goal, keys), ""),
    )
    if wrong:
        raise InvalidRequest(wrong)
    return request


def needs_zone(draft: CallDraft) -> bool:
    """Whether the person's zone must be known before `check_draft` can read the time."""
    return isinstance(draft.when, str) and when.needs_zone(draft.when)


def hints(draft: CallDraft) -> list[str]:
    """What is not wrong but may be a mistake, for the preview."""
    if draft.say == "audio" or not draft.message.strip():
        return []
    text = spoken_text(draft.message, draft.variables)
    found = [
        f"The message says “press {digit}”, but key {digit} is not defined."
        for digit in keys_asked_for(text)
        if digit not in defined_digits(draft.keypad)
    ]
    seconds = estimated_seconds(text)
    if seconds > LONG_MESSAGE:
        found.append(f"This takes about {seconds} seconds to speak. People hang up on long calls.")
    return found


def _number(name: str, text: str, region: str | None) -> str:
    try:
        return parse_phone_number(text, region).e164
    except InvalidPhoneNumber as error:
        raise InvalidRequest({name: str(error)}) from None


def _caller_id(text: str, region: str | None, *, to: str) -> str:
    caller_id = _number("caller_id", text, region) if text.strip() else ""
    if caller_id and caller_id == to:
        why = "This is the caller id itself: the call would ring its own line. Change one of them."
        raise InvalidRequest({"to": why})
    return caller_id


def _script(draft: CallDraft) -> tuple[str, str]:
    return checked_script(say=draft.say, message=draft.message, audio_url=draft.audio_url)


def _variables(
    draft: CallDraft, script: tuple[str, str] | None, keys: Sequence[KeyOption]
) -> dict[str, str]:
    if script is None and not draft.bad_variables:
        return {}  # the message is wrong: what it asks for is not known
    return checked_variables(
        draft.variables,
        bad=draft.bad_variables,
        message=script[0] if script else "",
        replies=[key.reply for key in keys],
    )


def _voice(text: str) -> str:
    if text and not _VOICE.fullmatch(text):
        raise InvalidRequest({"voice": "Write the voice by its id, like en-female-1."})
    return text


def _language(text: str) -> str:
    if text and not _LANGUAGE.fullmatch(text):
        raise InvalidRequest({"language": "Write the language by its code, like en or en-GB."})
    return text


def _due_at(
    wanted: str | datetime | None, *, now: datetime, zone: ZoneInfo | None
) -> datetime | None:
    if wanted is None or (isinstance(wanted, str) and not wanted.strip()):
        return None
    try:
        if isinstance(wanted, str):
            wanted = when.parse_when(wanted, now=now, zone=zone)
        moment = when.checked_moment(wanted, now=now)
    except when.InvalidTime as error:
        raise InvalidRequest({"when": str(error)}) from None
    return moment if moment > now else None


def _retries(text: str) -> int:
    count = text.strip() or "0"
    if not count.isdecimal() or len(count) > 1 or int(count) > MAX_RETRIES:
        why = f"Choose 0 to {MAX_RETRIES}: how often to try again."
        raise InvalidRequest({"retries": why})
    return int(count)


def _retry_delay(text: str) -> timedelta:
    """`5`, `5m` and `1h`: whole minutes up to a day."""
    words = text.strip()
    if not words:
        return DEFAULT_RETRY_DELAY
    delay = when.parse_duration(f"{words}m" if words.isdecimal() else words)
    if delay is None or delay % timedelta(minutes=1) or delay > MAX_RETRY_DELAY:
        why = "Write whole minutes between tries, 0 to 1440, like 5. 0 means at once."
        raise InvalidRequest({"retry_delay": why})
    return delay


def _retry_on(draft: CallDraft) -> frozenset[Result]:
    if draft.retry_on is None:
        return DEFAULT_RETRY_ON
    words = ["_".join(re.split(r"[\s_-]+", word.strip().lower())) for word in draft.retry_on]
    known = {str(result): result for result in RETRYABLE}
    if not all(word in known for word in words):
        why = f"I can try again after {', '.join(known)}: write them with commas in between."
        raise InvalidRequest({"retry_on": why})
    if not words and draft.retries.strip() not in {"", "0"}:
        why = "Choose after which results to try again, or 0 retries."
        raise InvalidRequest({"retries": why})
    return frozenset(known[word] for word in words)


def _channel(text: str, *, own: str) -> str:
    """A channel, or the person's own id: the direct messages with them."""
    if text.strip() != own and not _CHANNEL.fullmatch(text.strip()):
        why = "Where shall I post it? Pick the channel from Slack's own list, like #general."
        raise InvalidRequest({"post": why})
    return text.strip()
