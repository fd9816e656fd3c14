"""What happens in the service, for pages that watch it live."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bot.sandbox.voice_api.wire import Json

# A watcher that falls this far behind is let go; a page connects again by itself.
_MOST_UNREAD = 1_000

Unread = asyncio.Queue[Json | None]


class Feed:
    """Hands every event to every watcher."""

    def __init__(self) -> None:
        """Start with nobody watching."""
        self._watchers: set[Unread] = set()

    @property
    def watched(self) -> bool:
        """Whether anybody would see an event."""
        return bool(self._watchers)

    def publish(self, event: Json) -> None:
        """Tell everybody who watches; never waits."""
        for unread in tuple(self._watchers):
            if unread.qsize() >= _MOST_UNREAD:
                self._let_go(unread)
            else:
                unread.put_nowait(event)

    @contextmanager
    def watching(self) -> Iterator[Unread]:
        """Every event from now on; None means that there will be no more."""
        unread: Unread = asyncio.Queue()
        self._watchers.add(unread)
        try:
            yield unread
        finally:
            self._watchers.discard(unread)

    def close(self) -> None:
        """Let every watcher go."""
        for unread in tuple(self._watchers):
            self._let_go(unread)

    def _let_go(self, unread: Unread) -> None:
        self._watchers.discard(unread)
        unread.put_nowait(None)
