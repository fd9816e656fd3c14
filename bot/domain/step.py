"""One step of a call's story, and the pieces every kind of news is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call
from bot.domain.timeline import EventName
from bot.domain.voice_event import VoiceEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What to write: a log entry, whether the thread tells it, and the changed fields."""

    name: EventName
    detail: Mapping[str, Any] = field(default_factory=dict)
    is_told: bool = False
    call: Mapping[str, Any] = field(default_factory=dict)
    attempt: Mapping[str, Any] = field(default_factory=dict)

    @property
    def frees_a_line(self) -> bool:
        """Whether somebody else may be dialled now."""
        return "state" in self.attempt and self.attempt["state"] is AttemptState.DONE


def proven(attempt: Attempt) -> dict[str, Any]:
    """News about an attempt we were not sure of proves that it was placed."""
    if attempt.state is AttemptState.UNKNOWN:
        return {"state": AttemptState.PLACED}
    return {}


def new_digits(digits: str | None, attempt: Attempt) -> str:
    """The keys in `digits` that this attempt has not been told of yet, each once."""
    return "".join(d for d in dict.fromkeys(digits or "") if d not in attempt.digits)


def key_words(call: Call, digits: str) -> dict[str, Any]:
    """The keys, and what the first one with a meaning means."""
    option = next((k for k in call.request.keys if k.digit in digits), None)
    words: dict[str, Any] = {"digit": digits}
    if option:
        words |= {"label": option.label, "reply": option.reply}
    return words


def closed_attempt(attempt: Attempt, event: VoiceEvent, *, result: str) -> dict[str, Any]:
    """The attempt is over."""
    return {
        "state": AttemptState.DONE,
        "result": result,
        "duration": event.duration,
        "completions": attempt.completions + 1,
        "next_check_at": None,
    }
