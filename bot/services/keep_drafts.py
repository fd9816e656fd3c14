"""What is typed into a form and not on screen now; so that no change of mind loses a word."""

from __future__ import annotations

from collections.abc import Mapping

from bot.ports import Clock, Store


class KeepDrafts:
    """Fields of an open form that are hidden at the moment, by its view id."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def merge(self, view_id: str, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Remember what these fields say now; everything remembered of this form."""
        now = self._clock.now()
        known = await self._store.read(lambda tx: tx.draft(view_id)) or {}
        merged = {**known, **fields}
        if merged != known:
            await self._store.write(lambda tx: tx.save_draft(view_id, merged, now=now))
        return merged
