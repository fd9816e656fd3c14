"""What an exchange with the voice service means: the one place where that is decided.

Placing (fault-catalogue 3.3):

    no byte left us, whatever went wrong                       -> NotSent
    any error once the first byte was about to leave           -> Unknown
    a status of DEFINITE_NO, or 2xx with "status": "error"     -> Rejected
    2xx that names the call                                    -> Placed
    everything else                                            -> Unknown

Looking up and cancelling: the same exchange read as VoiceUnavailable (ask again), VoiceRefused
(they said no) or VoiceSpokeNonsense (they broke the contract).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.domain.errors import VoiceRefused, VoiceSpokeNonsense, VoiceUnavailable
from bot.domain.outcome import NotSent, Placed, PlaceOutcome, Rejected, Unknown
from bot.voice import json_values, wire

ABOUT_US = frozenset({401, 402, 403, 404, 405, 429})
ABOUT_THIS_CALL = frozenset({400, 413, 415, 422})
DEFINITE_NO = ABOUT_US | ABOUT_THIS_CALL
TOO_MANY_REQUESTS = 429
ASK_AGAIN = frozenset({408, 425, TOO_MANY_REQUESTS})

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=1)
DEFAULT_WAIT = timedelta(seconds=10)
JITTER = 0.1

_MEANING = {
    401: "the voice service does not accept our key",
    402: "the voice service wants to be paid first",
    403: "the voice service does not allow us to call",
    404: "the address of the voice service is wrong",
    405: "the address of the voice service is wrong",
    TOO_MANY_REQUESTS: "the voice service wants fewer calls",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A status arrived; `body` None if it broke off, or was longer than we read."""

    status: int
    body: bytes | None = None
    retry_after: str | None = None

    @property
    def is_good(self) -> bool:
        """Whether the status is 2xx."""
        return httpx.codes.is_success(self.status)

    def said(self) -> dict[str, Any]:
        """The JSON object of the body; empty if there is none."""
        return json_values.read_object(self.body or b"") or {}


@dataclass(frozen=True, kw_only=True, slots=True)
class NoAnswer:
    """No status arrived. `may_have_arrived`: the first byte was about to leave or had left."""

    reason: str
    may_have_arrived: bool


Exchange = Answer | NoAnswer


class MarkFailed(Exception):
    """The late mark could not be set, so nothing was sent; the text is whatever set it said."""


_BROKE_OFF = "the line to the voice service broke before it answered"
_UNREACHABLE = "the voice service cannot be reached"
_TOO_SLOW = "the voice service did not answer in time"
_NO_HTTP = "the voice service broke off or spoke no proper HTTP"
_BAD_ADDRESS = "the address of the voice service cannot be used"
_UNREADABLE = "the answer of the voice service could not be read"

ERROR_WORDS: Mapping[type[Exception], str] = {
    TimeoutError: _TOO_SLOW,  # our own deadline
    httpx.TimeoutException: _TOO_SLOW,
    httpx.ConnectTimeout: _UNREACHABLE,
    httpx.PoolTimeout: "too many requests to the voice service are under way",
    httpx.NetworkError: _BROKE_OFF,
    httpx.ConnectError: _UNREACHABLE,
    httpx.ProxyError: _UNREACHABLE,
    httpx.ProtocolError: _NO_HTTP,
    httpx.LocalProtocolError: "the request to the voice service could not be written",
    httpx.UnsupportedProtocol: _BAD_ADDRESS,
    httpx.InvalidURL: _BAD_ADDRESS,
    httpx.HTTPError: _UNREADABLE,
    httpx.StreamError: _UNREADABLE,
    httpx.CookieConflict: _UNREADABLE,
    Exception: "something went wrong here while we asked the voice service",
}
"""What a person reads; the closest class counts. The errors' own texts may hold secrets."""


def error_words(error: Exception) -> str:
    """The sentence for an error of the network, or the words of a mark that failed."""
    if isinstance(error, MarkFailed):
        return str(error)
    return next(ERROR_WORDS[kind] for kind in type(error).__mro__ if kind in ERROR_WORDS)


# --- placing ---------------------------------------------------------------------------


def call_outcome(exchange: Exchange, *, now: datetime, jitter: float) -> PlaceOutcome:
    """What one `POST /call` came to. `jitter` is from 0 to 1, `now` the time of the answer."""
    if isinstance(exchange, NoAnswer):
        return _lost_or_not_sent(exchange)
    said = exchange.said()
    placed = wire.parse_placed(said)
    if placed and exchange.is_good:
        return placed
    if placed:
        return Unknown(reason=f"the voice service answered {exchange.status}, yet named a call")
    return _without_call(exchange, said, now=now, jitter=jitter)


def batch_outcome(
    exchange: Exchange, phone_numbers: Sequence[str], *, now: datetime, jitter: float
) -> PlaceOutcome | Mapping[str, PlaceOutcome]:
    """What one `POST /call/batch` came to: for each number, or for all alike.

    Whatever its status, an answer that names calls has placed those (fault-catalogue 3.8).
    """
    if isinstance(exchange, NoAnswer):
        return _lost_or_not_sent(exchange)
    said = exchange.said()
    listed = wire.parse_batch_items(said)
    if any(isinstance(item, Placed) for _, item in listed):
        return _match(listed, phone_numbers)
    if listed and exchange.is_good:
        return _match(listed, phone_numbers)
    return _without_call(exchange, said, now=now, jitter=jitter)


def _match(
    listed: Sequence[tuple[str | None, Placed | Unknown]], phone_numbers: Sequence[str]
) -> dict[str, PlaceOutcome]:
    """By phone number, never by position; what is said twice counts for nothing."""
    ids = Counter(item.voice_call_id for _, item in listed if isinstance(item, Placed))
    numbers = Counter(number for number, _ in listed)
    by_number = dict(listed)
    outcomes: dict[str, PlaceOutcome] = {}
    for number in phone_numbers:
        item = by_number.get(number)
        if item is None:
            item = Unknown(reason="the voice service did not list this call")
        elif numbers[number] > 1 or (isinstance(item, Placed) and ids[item.voice_call_id] > 1):
            item = Unknown(reason="the voice service listed this call twice")
        outcomes[number] = item
    return outcomes


def _lost_or_not_sent(exchange: NoAnswer) -> Unknown | NotSent:
    if exchange.may_have_arrived:
        return Unknown(reason=exchange.reason)
    return NotSent(reason=exchange.reason)


def _without_call(
    answer: Answer, said: Mapping[str, Any], *, now: datetime, jitter: float
) -> Rejected | Unknown:
    if answer.is_good and not wire.says_error(said):
        return Unknown(reason="the voice service said yes, but named no call")
    if not answer.is_good and answer.status not in DEFINITE_NO:
        return Unknown(reason=f"the voice service answered {answer.status}")
    is_about_us = answer.status in ABOUT_US
    return Rejected(
        reason=_why_not(answer.status, said),
        status=answer.status,
        pauses_all=is_about_us,
        retry_after=_wait(answer, now=now, jitter=jitter) if is_about_us else None,
    )


def _why_not(status: int, said: Mapping[str, Any]) -> str:
    """Our meaning of the status, or the service's own words, or both."""
    words = wire.service_words(said)
    meaning = _MEANING.get(status, "" if words else f"the voice service answered {status}")
    return ": ".join(part for part in (meaning, words) if part)


def _wait(answer: Answer, *, now: datetime, jitter: float) -> timedelta | None:
    """How long everything waits: what Retry-After asks for, within bounds (V16).

    Without a usable one, 429 waits a default; for the rest the caller backs off by itself.
    """
    asked = _retry_after(answer.retry_after, now=now) if answer.retry_after else None
    if asked is None:
        asked = DEFAULT_WAIT if answer.status == TOO_MANY_REQUESTS else None
    if asked is None:
        return None
    bounded = min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)
    return min(bounded * (1 + JITTER * jitter), LONGEST_WAIT)


def _retry_after(header: str, *, now: datetime) -> timedelta | None:
    """Seconds or an HTTP date; None if it is neither."""
    try:
        seconds = float(header)
    except ValueError:
        return _until(header, now=now)
    if math.isnan(seconds):
        return None
    longest = LONGEST_WAIT.total_seconds()
    return timedelta(seconds=min(max(seconds, 0.0), longest))


def _until(http_date: str, *, now: datetime) -> timedelta | None:
    try:
        at = parsedate_to_datetime(http_date)
    except (ValueError, OverflowError):
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) - now


# --- looking up and cancelling ---------------------------------------------------------


def good_answer(exchange: Exchange) -> Answer:
    """A 2xx with a JSON object that does not say "error"; anything else raises VoiceError."""
    if isinstance(exchange, NoAnswer):
        raise VoiceUnavailable(exchange.reason)
    status, said = exchange.status, exchange.said()
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status in ASK_AGAIN:
        raise VoiceUnavailable(f"the voice service answered {status}")
    if status >= httpx.codes.BAD_REQUEST or (exchange.is_good and wire.says_error(said)):
        words = wire.service_words(said)
        raise VoiceRefused(status, words or f"the voice service answered {status}")
    if not exchange.is_good:
        raise VoiceSpokeNonsense(f"the voice service answered {status}")
    if not said:
        raise VoiceSpokeNonsense(_UNREADABLE)
    return exchange
