"""How a call ended: the voice service's six words and our own five.

A result is kept as text, since the service may one day say a seventh word: it is then
stored and shown as it came, and never retried.
"""

from __future__ import annotations

from enum import StrEnum


class Result(StrEnum):
    """The words we know (voice-api.txt "Call Results", design.md 4.1)."""

    ANSWERED = "answered"  # somebody picked up and heard it
    VOICEMAIL = "voicemail"  # a machine picked up
    BUSY = "busy"  # the line was engaged
    NO_ANSWER = "no_answer"  # it rang out
    FAILED = "failed"  # the network could not connect
    REJECTED = "rejected"  # the callee pressed the red button
    CANCELLED = "cancelled"  # a person stopped it in time
    EXPIRED = "expired"  # we were down, or waiting, for too long after its time
    SUPPRESSED = "suppressed"  # the number is on the do-not-call list
    REFUSED = "refused"  # the voice service said no to the request itself
    UNKNOWN = "unknown"  # nobody could tell us what happened


RETRYABLE = (Result.BUSY, Result.NO_ANSWER, Result.VOICEMAIL, Result.FAILED)
"""Results a sender may choose to have dialled again (issue: "each with yes/no")."""

DEFAULT_RETRY_ON = frozenset({Result.BUSY, Result.NO_ANSWER})
"""What is dialled again when the sender only said how often."""
