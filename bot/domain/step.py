"""One step of a call's story, and the pieces every kind of news is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.call import Attempt, AttemptState, Call
from bot.domain.call_state import CallEvent, next_state
from bot.domain.deployment import Deployment
from bot.domain.patience import next_check
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


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """One event of the line with all that is known about it: the call, the attempt, the time.

    `is_look_up`: we asked, so nothing follows that we would not ask about again.
    """

    call: Call
    attempt: Attempt
    event: VoiceEvent
    now: datetime
    deployment: Deployment
    is_look_up: bool = False

    @property
    def new_digits(self) -> str:
        """The keys in this event that the attempt has not been told of yet, each once."""
        return unseen(self.event.digit, self.attempt)

    @property
    def is_doubted(self) -> bool:
        """Whether we could not know, or had been told otherwise, that this attempt was placed.

        While its answer is out we do not know either, and that answer may be lost."""
        doubted = (AttemptState.SENDING, AttemptState.UNKNOWN, AttemptState.REJECTED)
        return self.attempt.state in doubted

    def proof(self) -> dict[str, Any]:
        """News of an attempt that was doubted proves it; from now on it is asked about."""
        if not self.is_doubted:
            return {}
        check_at = next_check(
            self.call.request,
            now=self.now,
            starts_at=None,
            checks=0,
            is_listening=self.deployment.is_listening,
        )
        return {"state": AttemptState.PLACED, "next_check_at": check_at}

    def closed(self, *, result: str) -> dict[str, Any]:
        """The attempt is over."""
        return {
            "state": AttemptState.DONE,
            "result": result,
            "duration": self.event.duration,
            "completions": self.attempt.completions + 1,
            "next_check_at": None,
        }

    def key_words(self, digits: str) -> dict[str, Any]:
        """The keys, and what the first one with a meaning means.

        Without an address of ours the service has no action for a key, so it spoke no reply.
        """
        option = next((k for k in self.call.request.keys if k.digit in digits), None)
        if option is None:
            return {"digit": digits}
        words = {"digit": digits, "label": option.label}
        return words | ({"reply": option.reply} if self.deployment.is_listening else {})


def unseen(digits: str | None, attempt: Attempt) -> str:
    """Those of `digits` that the attempt has not been told of yet, each once, in order."""
    return "".join(d for d in dict.fromkeys(digits or "") if d not in attempt.digits)


def ended(
    call: Call, event: CallEvent, *, result: str, now: datetime, goal_met: bool = False
) -> dict[str, Any]:
    """The fields of a call that is over; a goal once met stays met."""
    return {
        "state": next_state(call.state, event),
        "result": result,
        "wait_reason": None,
        "held_at": None,
        "goal_met": goal_met or bool(call.goal_met),
        "ended_at": now,
    }
