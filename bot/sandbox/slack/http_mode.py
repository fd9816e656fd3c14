"""Signed HTTP: Slack posts to the app's request URL (slack-facts 1.3 and 1.6)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.sandbox.slack.deliveries import VERIFICATION_TOKEN, DeliveryFailed, Envelope

_OK = 200
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


class RequestUrlRefused(Exception):
    """The request URL did not answer Slack's challenge."""


@dataclass(frozen=True, kw_only=True)
class _Answer:
    status: int
    text: str
    content_type: str
    refuses_retries: bool


class HttpMode:
    """Posts every delivery to one URL, signed with the app's signing secret."""

    def __init__(
        self, request_url: str, signing_secret: str, *, wall: Callable[[], float] = time.time
    ) -> None:
        """Post to `request_url`; `wall` gives the unix time that is signed.

        That time is the wall's, whatever clock the workspace runs on: the app compares it to
        its own.
        """
        self._request_url = request_url
        self._signing_secret = signing_secret
        self._wall = wall
        self._session: aiohttp.ClientSession | None = None

    async def send(self, envelope: Envelope) -> dict[str, Any]:
        """Post a delivery and wait for the answer; anything but a 200 is a failure."""
        body, content_type = _encode(envelope)
        headers = {"Content-Type": content_type, **self._signature(body)}
        if envelope.retry_num:
            reason = "http_timeout" if envelope.retry_reason == "timeout" else envelope.retry_reason
            headers["X-Slack-Retry-Num"] = str(envelope.retry_num)
            headers["X-Slack-Retry-Reason"] = reason
        answer = await self._post(body, headers)
        if answer.status != _OK:
            raise DeliveryFailed("http_error", may_retry=not answer.refuses_retries)
        return _decode(answer.text, answer.content_type)

    async def verify(self) -> None:
        """Send the challenge that Slack sends when a request URL is saved."""
        challenge = secrets.token_hex(16)
        request = {
            "type": "url_verification",
            "token": VERIFICATION_TOKEN,
            "challenge": challenge,
        }
        body = json.dumps(request)
        headers = {"Content-Type": _JSON, **self._signature(body)}
        answer = await self._post(body, headers)
        if answer.status != _OK or challenge not in answer.text:
            message = f"Your URL didn't respond with the challenge, but with {answer.status}"
            raise RequestUrlRefused(message)

    def _signature(self, body: str) -> dict[str, str]:
        stamp = str(int(self._wall()))
        base = f"v0:{stamp}:{body}".encode()
        digest = hmac.new(self._signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    async def _post(self, body: str, headers: dict[str, str]) -> _Answer:
        if self._session is None:
            self._session = aiohttp.ClientSession(trust_env=False)
        try:
            async with self._session.post(
                self._request_url, data=body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                return _Answer(
                    status=answer.status,
                    text=await answer.text(),
                    content_type=answer.content_type,
                    refuses_retries=answer.headers.get("X-Slack-No-Retry") == "1",
                )
        except aiohttp.ClientError as failure:
            raise DeliveryFailed("connection_failed") from failure

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _encode(envelope: Envelope) -> tuple[str, str]:
    if envelope.kind == "events_api":
        return json.dumps(envelope.payload), _JSON
    if envelope.kind == "slash_commands":
        return urlencode(envelope.payload), _FORM
    return urlencode({"payload": json.dumps(envelope.payload)}), _FORM


def _decode(text: str, content_type: str) -> dict[str, Any]:
    """The body of an acknowledgement; plain text is a message, as for a slash command."""
    if not text:
        return {}
    if content_type == _JSON:
        try:
            body = json.loads(text)
        except ValueError:
            return {"text": text}
        return body if isinstance(body, dict) else {}
    return {"text": text}
