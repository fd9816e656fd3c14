"""One thing that happened on the line, in our words, whoever told us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class VoiceEventKind(StrEnum):
    """The three events of the contract, and the rest."""

    ANSWERED = "answered"
    KEY_PRESSED = "key_pressed"
    COMPLETED = "completed"
    OTHER = "other"  # a word we do not know: kept and shown in the details


class Source(StrEnum):
    """Who told us (`event_log.source`)."""

    SLACK = "slack"
    WEBHOOK = "webhook"
    POLL = "poll"
    BOT = "bot"


@dataclass(frozen=True, kw_only=True, slots=True)
class VoiceEvent:
    """One event of the line.

    `word` is the service's own name of it, `raw` the payload as it came (JSON text),
    `at` the service's time or None, `duration` in seconds, `digit` may hold several keys
    when it comes from a status look-up.
    """

    kind: VoiceEventKind
    word: str
    raw: str
    voice_call_id: str | None = None
    phone_number: str | None = None
    digit: str | None = None
    result: str | None = None
    duration: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CallStatus:
    """What the service answers to "how is this call?" (GET /call/{id}), translated.

    `is_over` when the service says completed or names a result; `status` is its own word.
    """

    voice_call_id: str
    status: str
    raw: str
    is_over: bool
    is_answered: bool
    phone_number: str | None = None
    digits: str = ""
    result: str | None = None
    duration: int | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
