"""What the bot remembers beside calls: deliveries seen, commands that wait, people, settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.ports import PendingCommand, Profile
from storage.rows import Rows
from storage.values import from_json, from_ms, to_json, to_ms

_FIRST_TIME = "insert into deliveries (key, seen_at) values (?, ?) on conflict do nothing"

_KEEP_PENDING = """
insert into pending_commands (key, payload, created_at) values (?, ?, ?) on conflict do nothing
"""

_SAVE_PROFILE = """
insert into profiles (user_id, zone, is_admin, fetched_at, locale) values (?, ?, ?, ?, ?)
on conflict (user_id) do update set zone = excluded.zone, is_admin = excluded.is_admin,
    fetched_at = excluded.fetched_at, locale = excluded.locale
"""

_SAVE_DRAFT = """
insert into drafts (view_id, fields, saved_at) values (?, ?, ?)
on conflict (view_id) do update set fields = excluded.fields, saved_at = excluded.saved_at
"""

_SAVE_SETTING = """
insert into settings (name, value) values (?, ?)
on conflict (name) do update set value = excluded.value
"""

# Calls, their timeline and messages that could not be sent are never forgotten here.
_FORGET = (
    "delete from deliveries where seen_at < ?",
    "delete from drafts where saved_at < ?",
    "delete from outbox where state = 'sent' and created_at < ?",
)


class Memory(Rows):
    """The part of a transaction that keeps all this (ports.Transaction says what each does)."""

    def first_time(self, key: str, *, now: datetime) -> bool:
        """Whether this delivery is new; remembers it."""
        return self.connection.execute(_FIRST_TIME, (key, to_ms(now))).rowcount == 1

    def keep_pending(self, command: PendingCommand, *, now: datetime) -> None:
        """Keep a command until it can be finished."""
        values = (command.key, to_json(command.payload), to_ms(now))
        self.connection.execute(_KEEP_PENDING, values)

    def drop_pending(self, key: str) -> bool:
        """Forget a finished command; False if somebody else already did."""
        cursor = self.connection.execute("delete from pending_commands where key = ?", (key,))
        return cursor.rowcount == 1

    def pending_commands(self) -> list[PendingCommand]:
        """All commands that wait, oldest first."""
        rows = self.connection.execute("select key, payload from pending_commands order by id")
        return [PendingCommand(key=key, payload=from_json(text)) for key, text in rows]

    def profile(self, user_id: str) -> Profile | None:
        """What we know of a Slack user."""
        row = self.connection.execute(
            "select zone, is_admin, fetched_at, locale from profiles where user_id = ?", (user_id,)
        ).fetchone()
        if row is None:
            return None
        zone, is_admin, fetched_at, locale = row
        return Profile(
            user_id=user_id,
            zone=zone,
            is_admin=bool(is_admin),
            fetched_at=from_ms(fetched_at),
            locale=locale,
        )

    def save_profile(self, profile: Profile) -> None:
        """Remember a Slack user."""
        self.connection.execute(
            _SAVE_PROFILE,
            (
                profile.user_id,
                profile.zone,
                profile.is_admin,
                to_ms(profile.fetched_at),
                profile.locale,
            ),
        )

    def draft(self, view_id: str) -> Mapping[str, Any] | None:
        """What was typed into fields of an open form that are not on screen now."""
        row = self.connection.execute(
            "select fields from drafts where view_id = ?", (view_id,)
        ).fetchone()
        return None if row is None else from_json(row[0])

    def save_draft(self, view_id: str, fields: Mapping[str, Any], *, now: datetime) -> None:
        """Keep what was typed into an open form."""
        self.connection.execute(_SAVE_DRAFT, (view_id, to_json(fields), to_ms(now)))

    def setting(self, name: str) -> str | None:
        """A value the bot keeps for itself: its name among installations, keys, a heartbeat."""
        row = self.connection.execute(
            "select value from settings where name = ?", (name,)
        ).fetchone()
        return None if row is None else str(row[0])

    def save_setting(self, name: str, value: str) -> None:
        """Keep a value."""
        self.connection.execute(_SAVE_SETTING, (name, value))

    def forget_old(self, *, before: datetime) -> None:
        """Housekeeping: delivery keys, drafts and sent messages older than that."""
        for statement in _FORGET:
            self.connection.execute(statement, (to_ms(before),))
