"""The words of the log: every kind of entry in a call's timeline and what it carries.

These names are `event_log.event`; the values named behind each are its `detail` (JSON:
times as ISO 8601 text, durations in seconds). The thread tells the ones in `TOLD`.
"""

from __future__ import annotations

from enum import StrEnum


class EventName(StrEnum):
    """What can stand in a timeline."""

    REQUESTED = "requested"  # -
    WAITING = "waiting"  # reason, until?
    ACCEPTED = "accepted"  # attempt_no, starts_at?, scheduled_at?, message?
    PUT_BACK = "put_back"  # reason: surely not dialled, tried again by itself
    REFUSED = "refused"  # reason, status
    UNCONFIRMED = "unconfirmed"  # reason, attempt_no, asked_at, news_until?
    HELD = "held"  # listening (was anybody listening for news?): silence has passed
    ANSWERED = "answered"  # attempt_no
    KEY_PRESSED = "key_pressed"  # digit, label?, reply?, attempt_no
    COMPLETED = "completed"  # result, duration?, goal_met, attempt_no
    RETRY_SCHEDULED = "retry_scheduled"  # result, duration?, retry_at, attempt_no, retries_left
    RINGS_AGAIN = "rings_again"  # result: the voice service itself redials (VOICE_RETRIES)
    CANCEL_REQUESTED = "cancel_requested"  # by
    CANCELLED = "cancelled"  # by, said? (the voice service's words)
    CANCEL_FAILED = "cancel_failed"  # by, why: too_late | unreachable | no_id, said?
    EXPIRED = "expired"  # due_at
    CALLED_AGAIN = "called_again"  # by
    MARKED = "marked"  # by, made: a person says whether the unconfirmed call was made
    CORRECTED = "corrected"  # result, duration?, digits?: late truth replaces `unknown`
    LATE_NEWS = "late_news"  # about an earlier attempt or an ended call: event, attempt_no,
    #                          result?, duration?, digit?, rang_twice
    RANG_TWICE = "rang_twice"  # first_id, second_id: two calls for one request
    GAVE_UP = "gave_up"  # status?: asked for a day, nobody knows
    OTHER = "other"  # word: something the contract does not name
    MISMATCH = "mismatch"  # why: news whose number or id is not this call's; ignored


TOLD = frozenset(EventName) - {
    EventName.REQUESTED,
    EventName.WAITING,
    EventName.CANCEL_REQUESTED,
    EventName.OTHER,
    EventName.MISMATCH,
}
"""Entries that get a reply in the thread; the rest is on the card or in the details."""
