"""Writing to Slack: post, edit, find again, answer through a response_url.

Every post carries a key in its metadata, so that one whose answer was lost can be looked for
before it is posted again. Nothing here pings, unfurls or links by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.call import ThreadRef
from bot.slack.blocks import Message
from bot.slack.ids import METADATA_EVENT
from bot.slack.text import cut_mrkdwn
from bot.slack.troubles import Kind, SlackTrouble, asked, from_network, from_status

SLACK_HOOKS = frozenset({"hooks.slack.com"})
DEADLINE = timedelta(seconds=15)

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False, "parse": "none"}
_PLAIN_LIMIT = 1000
_PAGE = 200
_MAX_PAGES = 5
_SKEW = timedelta(hours=1)
"""How far Slack's clock and ours may be apart, at most."""

_CANNOT_LOOK = {Kind.NO_CHANNEL, Kind.NO_MESSAGE, Kind.REFUSED}
_OK = 200
_BAD_REQUEST = 400
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500

Ask = Callable[..., Awaitable[AsyncSlackResponse]]


class PostOffice:
    """All ways to write, each raising SlackTrouble and nothing else for what Slack does."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        http: aiohttp.ClientSession,
        response_hosts: Collection[str] = SLACK_HOOKS,
        deadline: timedelta = DEADLINE,
    ) -> None:
        """`client` must have no retry handlers: the SDK's own would post twice."""
        self._client = client
        self._http = http
        self._response_hosts = frozenset(response_hosts)
        self._deadline = deadline

    async def post(
        self, channel: str, message: Message, *, key: str, thread_ts: str | None = None
    ) -> ThreadRef:
        """Post into a channel, a thread or, by a user id, to a person; where it stands now."""
        where = {"channel": channel, "thread_ts": thread_ts, "metadata": _metadata(key)}
        answer = await self._write(self._client.chat_postMessage, message, **where, **_QUIET)
        return ThreadRef(channel=str(answer["channel"]), ts=str(answer["ts"]))

    async def edit(self, place: ThreadRef, message: Message, *, key: str) -> None:
        """Show the message as it is now; may be repeated."""
        where = {"channel": place.channel, "ts": place.ts, "metadata": _metadata(key)}
        await self._write(self._client.chat_update, message, **where, parse="none")

    async def _write(self, ask: Ask, message: Message, **more: Any) -> AsyncSlackResponse:
        """Once as drawn; if Slack does not take that, once as plain text (S16)."""
        try:
            return await asked(ask(**message.payload(), **more), deadline=self._deadline)
        except SlackTrouble as trouble:
            if trouble.kind is not Kind.TOO_BIG:
                raise
        text = cut_mrkdwn(message.text, _PLAIN_LIMIT)
        try:
            return await asked(ask(text=text, **more), deadline=self._deadline)
        except SlackTrouble as trouble:
            if trouble.kind is Kind.TOO_BIG:
                raise SlackTrouble(Kind.HOPELESS, trouble.error) from None
            raise

    async def find(
        self, channel: str, *, key: str, since: datetime, thread_ts: str | None = None
    ) -> ThreadRef | None:
        """The post with that key, if it is there; None also where we may not look.

        A look needs history scopes, which are optional. Without them a post whose answer was
        lost is posted again: a message twice is better than one never seen.
        """
        where: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - _SKEW).timestamp():.6f}",
            "limit": _PAGE,
            "include_all_metadata": True,
        }
        ask: Ask = self._client.conversations_history
        if thread_ts:
            ask, where = self._client.conversations_replies, {**where, "ts": thread_ts}
        try:
            return await self._find(ask, where, key)
        except SlackTrouble as trouble:
            if trouble.kind in _CANNOT_LOOK or trouble.error == "missing_scope":
                return None
            raise

    async def _find(self, ask: Ask, where: dict[str, Any], key: str) -> ThreadRef | None:
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            answer = await asked(ask(**where, cursor=cursor), deadline=self._deadline)
            for ts in _with_key(answer, key):
                return ThreadRef(channel=where["channel"], ts=ts)
            cursor = (answer.get("response_metadata") or {}).get("next_cursor")
            if not cursor:
                break
        return None

    async def respond(self, url: str, message: Message) -> None:
        """Answer one person through a response_url; may be repeated, it expires (S17)."""
        if not self._is_allowed(url):
            raise SlackTrouble(Kind.HOPELESS, "response_url of an unknown host")
        payload = {"response_type": "ephemeral", "replace_original": False, **message.payload()}
        timeout = aiohttp.ClientTimeout(total=self._deadline.total_seconds())
        try:
            async with self._http.post(
                url, json=payload, allow_redirects=False, timeout=timeout
            ) as answer:
                status, headers = answer.status, answer.headers
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise from_network(error) from None
        if status == _OK:
            return
        if _BAD_REQUEST <= status < _SERVER_ERROR and status != _TOO_MANY_REQUESTS:
            raise SlackTrouble(Kind.HOPELESS, f"response_url: HTTP {status}")
        raise from_status(status, headers)

    def _is_allowed(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        is_safe = parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in _LOOPBACK
        )
        return is_safe and parts.hostname in self._response_hosts


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": METADATA_EVENT, "event_payload": {"key": key}}


def _with_key(answer: AsyncSlackResponse, key: str) -> Iterator[str]:
    for message in answer.get("messages") or []:
        payload = (message.get("metadata") or {}).get("event_payload") or {}
        if payload.get("key") == key:
            yield str(message["ts"])
