"""response_url: five uses within thirty minutes, without being a member (slack-facts 2.6)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bot.sandbox.slack.content import read_content
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import BOT_USER_ID
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.workspace import Workspace

MAX_USES = 5
LIFE = timedelta(minutes=30)
PATH = "response"


@dataclass(kw_only=True)
class Right:
    """The right to answer one thing that one person did in one conversation."""

    channel_id: str
    user_id: str
    issued_at: datetime
    original: Message | None
    uses: int = 0


class ResponseUrls:
    """All response_urls that were handed out."""

    def __init__(self, workspace: Workspace) -> None:
        """None yet. `base_url` is set when the server knows its port."""
        self._workspace = workspace
        self._rights: dict[str, Right] = {}
        self.base_url = ""

    def issue(self, channel_id: str, user_id: str, *, original: Message | None = None) -> str:
        """A new URL; `original` is the message whose element was used."""
        secret = secrets.token_urlsafe(18)
        now = self._workspace.clock.now()
        self._rights[secret] = Right(
            channel_id=channel_id, user_id=user_id, issued_at=now, original=original
        )
        return f"{self.base_url}{PATH}/{secret}"

    async def serve(self, request: web.Request) -> web.Response:
        """One use of a URL."""
        try:
            payload = await request.json()
        except ValueError:
            payload = None
        exchange = self._workspace.record("response_url", "response_url", {"payload": payload})
        try:
            if not isinstance(payload, dict):
                raise Refusal("invalid_payload")
            self._use(request.match_info["secret"], payload)
        except Refusal as refusal:
            body = {"ok": False, "error": refusal.error, **refusal.beside}
            self._workspace.answered(exchange, body, error=refusal.error)
            gone = refusal.error in {"expired_url", "used_url"}
            return web.json_response(body, status=404 if gone else 400)
        self._workspace.answered(exchange, {"ok": True})
        return web.json_response({"ok": True})

    def _use(self, secret: str, payload: Mapping[str, Any]) -> None:
        right = self._rights.get(secret)
        if right is None or self._workspace.clock.now() - right.issued_at > LIFE:
            raise Refusal("expired_url")
        if right.uses >= MAX_USES:
            raise Refusal("used_url")
        self.answer(right, payload)
        right.uses += 1

    def answer(self, right: Right, payload: Mapping[str, Any]) -> None:
        """Do what an answer says: write, replace or delete. Refuses a bad message."""
        original = right.original
        if payload.get("delete_original") and original is not None:
            self._workspace.messages.remove(original)
            right.original = None
            self._workspace.changed()
            return
        parts = read_content(payload)
        if payload.get("replace_original") and original is not None:
            original.show(parts)
            self._workspace.changed()
            return
        in_channel = payload.get("response_type") == "in_channel"
        self._workspace.post(
            right.channel_id,
            BOT_USER_ID,
            parts,
            thread_ts=payload.get("thread_ts"),
            only_for=None if in_channel else right.user_id,
        )

    def answer_at_once(self, channel_id: str, user_id: str, payload: Mapping[str, Any]) -> None:
        """The same for an acknowledgement's own text; uses up no URL."""
        now = self._workspace.clock.now()
        right = Right(channel_id=channel_id, user_id=user_id, issued_at=now, original=None)
        self.answer(right, payload)
