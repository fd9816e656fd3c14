"""Somebody writes to the bot, or mentions it: say what it is for, once."""

from __future__ import annotations

from collections.abc import Callable

from bot.ports import Clock, Store, Transaction


class AnswerMessages:
    """A short direct message, whatever was written; the same delivery is answered once."""

    def __init__(
        self, *, store: Store, clock: Clock, text: str, messages_waiting: Callable[[], None]
    ) -> None:
        """`text`: what everybody is told."""
        self._text = text
        self._store = store
        self._clock = clock
        self._messages_waiting = messages_waiting

    async def hello(self, user_id: str, *, delivery: str) -> None:
        """Tell `user_id` what the bot does; `delivery` names Slack's delivery."""
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            if tx.first_time(delivery, now=now):
                tx.add_direct(user_id=user_id, text=self._text, call_id=None, now=now)

        await self._store.write(work)
        self._messages_waiting()
