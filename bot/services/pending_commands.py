"""Commands that need something only Slack knows (a time zone): kept, finished, told.

The acknowledgement must not wait for the network, and a command must not get lost, so the
words are stored first and finished in the background; after a restart they are finished too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot.ports import Clock, PendingCommand, Store, Transaction


class PendingCommands:
    """A small durable list."""

    def __init__(self, *, store: Store, clock: Clock, messages_waiting: Callable[[], None]) -> None:
        self._store = store
        self._clock = clock
        self._messages_waiting = messages_waiting

    async def keep(self, key: str, payload: Mapping[str, Any]) -> None:
        """Keep a command under the key of its delivery. Raises StoreUnavailable."""
        now = self._clock.now()
        command = PendingCommand(key=key, payload=payload)
        await self._store.write(lambda tx: tx.keep_pending(command, now=now))

    async def all(self) -> list[PendingCommand]:
        """Those that wait, oldest first."""
        return await self._store.read(lambda tx: tx.pending_commands())

    async def finish(self, key: str, *, user_id: str, response_url: str, text: str) -> None:
        """Done: the person is told `text`, a packed message; both or neither happens."""
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            if tx.drop_pending(key):
                tx.add_notice(response_url=response_url, user_id=user_id, text=text, now=now)

        await self._store.write(work)
        self._messages_waiting()
