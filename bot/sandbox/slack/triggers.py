"""Trigger ids: three seconds, one use (slack-facts 2.1)."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.sandbox.clock import Clock
from bot.sandbox.slack.refusal import Refusal

LIFE = timedelta(seconds=3)


@dataclass(kw_only=True)
class Trigger:
    """The right to open one view for one person, because of what the person just did."""

    user_id: str
    issued_at: datetime
    channel_id: str | None
    view_id: str | None
    is_used: bool = False


class Triggers:
    """All trigger ids that were handed out."""

    def __init__(self, clock: Clock) -> None:
        """The clock decides when one has expired."""
        self._clock = clock
        self._count = itertools.count(1)
        self._issued: dict[str, Trigger] = {}

    def issue(self, user_id: str, *, channel_id: str | None, view_id: str | None = None) -> str:
        """A new trigger id for what that person does, in that channel or in that view."""
        trigger_id = f"{next(self._count)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(
            user_id=user_id, issued_at=self._clock.now(), channel_id=channel_id, view_id=view_id
        )
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Use a trigger id up; refuses unknown, used and expired ones."""
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.is_used:
            raise Refusal("exchanged_trigger_id")
        if self._clock.now() - trigger.issued_at > LIFE:
            raise Refusal("expired_trigger_id")
        trigger.is_used = True
        return trigger
