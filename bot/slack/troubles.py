"""What can go wrong when we ask Slack, sorted by what to do about it (catalogue S7-S17).

One place translates: the SDK's exceptions, Slack's error words and HTTP's status become one
`SlackTrouble` with a kind. Whatever leaves open whether Slack did it is `LOST`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

MAX_RETRY_AFTER = 3600
USUAL_RETRY_AFTER = 30
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


class Kind(StrEnum):
    """What to do."""

    RATE_LIMITED = "rate_limited"  # wait, in this channel only
    NO_CHANNEL = "no_channel"  # we cannot write there: write to the person instead
    NO_MESSAGE = "no_message"  # the card or its thread is gone: make a new card
    TOO_BIG = "too_big"  # Slack does not take the blocks: plain text instead
    NO_ACCESS = "no_access"  # the token is no good: stop and say so
    LOST = "lost"  # no usable answer: it may have been done
    NOT_SENT = "not_sent"  # no connection: it was surely not done
    REFUSED = "refused"  # anything else Slack says no to
    HOPELESS = "hopeless"  # will never be taken
    BROKEN = "broken"  # a mistake of ours: who knows how far it came


_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("ratelimited", "rate_limited", "message_limit_exceeded"), Kind.RATE_LIMITED),
    **dict.fromkeys(("not_in_channel", "channel_not_found", "is_archived"), Kind.NO_CHANNEL),
    **dict.fromkeys(
        ("message_not_found", "thread_not_found", "cant_update_message", "edit_window_closed"),
        Kind.NO_MESSAGE,
    ),
    **dict.fromkeys(
        ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"),
        Kind.TOO_BIG,
    ),
    **dict.fromkeys(
        (
            "token_revoked",
            "token_expired",
            "account_inactive",
            "invalid_auth",
            "not_authed",
            "not_allowed_token_type",
            "missing_scope",
        ),
        Kind.NO_ACCESS,
    ),
    **dict.fromkeys(
        ("internal_error", "fatal_error", "service_unavailable", "request_timeout"), Kind.LOST
    ),
}


class SlackTrouble(Exception):
    """Slack did not do what it was asked; `error` is its own word, `wait` what it asks for."""

    def __init__(self, kind: Kind, error: str, *, wait: timedelta = timedelta()) -> None:
        self.kind = kind
        self.error = error
        self.wait = wait
        super().__init__(f"{kind}: {error}")


async def asked(
    request: Awaitable[AsyncSlackResponse], *, deadline: timedelta
) -> AsyncSlackResponse:
    """The answer of a Web API call; raises SlackTrouble for all that the network does."""
    try:
        async with asyncio.timeout(deadline.total_seconds()):
            return await request
    except SlackApiError as error:
        raise _from_answer(error.response) from None
    except (SlackClientError, aiohttp.ClientError, OSError, ValueError, AttributeError) as error:
        # ValueError, AttributeError: what the SDK makes of an answer that is not Slack's
        raise from_network(error) from None


def from_network(error: Exception) -> SlackTrouble:
    """A connection that was never made is harmless; anything else leaves it open."""
    never_connected = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
    kind = Kind.NOT_SENT if isinstance(error, never_connected) else Kind.LOST
    return SlackTrouble(kind, type(error).__name__)


def from_status(status: int, headers: Mapping[str, str], *, error: str = "") -> SlackTrouble:
    """What an HTTP status and Slack's word say."""
    word = error or f"HTTP {status}"
    if status == _TOO_MANY_REQUESTS:
        return SlackTrouble(Kind.RATE_LIMITED, word, wait=retry_after(headers))
    if status >= _SERVER_ERROR or not error:
        return SlackTrouble(Kind.LOST, word)
    kind = _kind(error)
    wait = retry_after(headers) if kind is Kind.RATE_LIMITED else timedelta()
    return SlackTrouble(kind, word, wait=wait)


def _kind(error: str) -> Kind:
    if error.startswith("restricted_action"):  # the channel's own rules: who may post, and how
        return Kind.NO_CHANNEL
    return _KINDS.get(error, Kind.REFUSED)


def _from_answer(answer: Any) -> SlackTrouble:
    """The SDK keeps an AsyncSlackResponse, or aiohttp's own answer where it was not JSON."""
    data = getattr(answer, "data", None)
    error = str(data.get("error") or "") if isinstance(data, dict) else ""
    status = int(getattr(answer, "status_code", 0) or getattr(answer, "status", _SERVER_ERROR))
    return from_status(status, getattr(answer, "headers", {}), error=error)


def retry_after(headers: Mapping[str, str]) -> timedelta:
    """`Retry-After` within reason; a missing or absurd one is half a minute."""
    text = str(headers.get("Retry-After", "")).strip()
    if not (text.isascii() and text.isdecimal()):
        return timedelta(seconds=USUAL_RETRY_AFTER)
    return timedelta(seconds=min(max(int(text), 1), MAX_RETRY_AFTER))
