"""Who is speaking: zone and role of a Slack user, from memory first, from Slack if need be."""

from __future__ import annotations

from datetime import timedelta

from bot.ports import Clock, Directory, Profile, Store

FRESH_FOR = timedelta(hours=24)
MOST_AT_HAND = 10_000
"""Profiles kept in memory beside the database: every command asks who is speaking."""


class KnowPeople:
    """Profiles kept in the database; asked again after a day (slack-facts 6)."""

    def __init__(self, *, store: Store, clock: Clock, directory: Directory) -> None:
        self._store = store
        self._clock = clock
        self._directory = directory
        self._at_hand: dict[str, Profile] = {}

    async def remembered(self, user_id: str) -> Profile | None:
        """What we know without asking anybody; old news is better than none."""
        if user_id not in self._at_hand:
            kept = await self._store.read(lambda tx: tx.profile(user_id))
            if kept and user_id not in self._at_hand:  # what came meanwhile is newer
                self._have_at_hand(kept)
        return self._at_hand.get(user_id)

    async def profile(self, user_id: str) -> Profile:
        """Zone and role, asked from Slack if unknown or old. Never inside an acknowledgement.

        If Slack cannot say: what we knew, or a stranger in UTC without rights.
        """
        known = await self.remembered(user_id)
        now = self._clock.now()
        if known and now - known.fetched_at < FRESH_FOR:
            return known
        return await self.ask_again(user_id) or known or self.stranger(user_id)

    def stranger(self, user_id: str) -> Profile:
        """Somebody of whom only the id is known: in UTC, without rights."""
        return Profile(user_id=user_id, zone="UTC", is_admin=False, fetched_at=self._clock.now())

    async def ask_again(self, user_id: str) -> Profile | None:
        """What Slack says now, remembered; None if it cannot say."""
        try:
            fresh = await self._directory.profile(user_id)
        except LookupError:
            return None
        await self._store.write(lambda tx: tx.save_profile(fresh))
        self._have_at_hand(fresh)
        return fresh

    def _have_at_hand(self, profile: Profile) -> None:
        if len(self._at_hand) >= MOST_AT_HAND:
            self._at_hand.clear()
        self._at_hand[profile.user_id] = profile
