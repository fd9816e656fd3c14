"""What is typed into a form and not on screen now; so that no change of mind loses a word."""

from __future__ import annotations

from collections.abc import Mapping

from bot.ports import Clock, Store, Transaction


class KeepDrafts:
    """Fields of an open form that are hidden at the moment, by its view id."""

    def __init__(self, *, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def merge(self, view_id: str, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Remember what these fields say now; everything remembered of this form."""
        known = await self._store.read(lambda tx: tx.draft(view_id)) or {}
        if {**known, **fields} == known:
            return known
        now = self._clock.now()

        def work(tx: Transaction) -> Mapping[str, str]:
            # read again: another change of the form may have been saved meanwhile
            merged = {**(tx.draft(view_id) or {}), **fields}
            tx.save_draft(view_id, merged, now=now)
            return merged

        return await self._store.write(work)
