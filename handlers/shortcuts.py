"""Shortcuts: a call about nothing in particular, or about a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck

from bot.domain.draft import CallDraft
from handlers.forms import CallForms
from handlers.typed_text import TypedText


class Shortcuts:
    """Both open the call form."""

    def __init__(self, *, forms: CallForms) -> None:
        self._forms = forms

    async def new_call(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """New call: the empty form."""
        self._forms.open(body)
        await ack()

    async def from_message(self, ack: AsyncAck, body: Mapping[str, Any]) -> None:
        """Call about this message: the form with the message as its text."""
        said = TypedText(str(body.get("message", {}).get("text") or ""))
        self._forms.open(body, draft=CallDraft(message=said.typed(said.marked)))
        await ack()
