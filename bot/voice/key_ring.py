"""The keys of the callback addresses: the one that signs, and those of calls still out (W23).

A changed key must not turn away news of the calls that were given addresses with the old one,
so an old key is accepted for seven days more. Each is named by its own beginning of a hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

KEPT_FOR = timedelta(days=7)

KeyRing = Mapping[str, Mapping[str, str]]
"""Key id -> `key`, and `retired_at` (ISO 8601), empty for the one that signs."""


def key_id(key: str) -> str:
    """A name for the key that opens nothing."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


def turned(ring: KeyRing, key: str, *, now: datetime) -> KeyRing:
    """The ring with `key` signing from now on, without those retired too long ago."""
    current = key_id(key)
    retired = {
        kid: {"key": old["key"], "retired_at": old["retired_at"] or now.isoformat()}
        for kid, old in ring.items()
        if kid != current
    }
    accepted = {
        kid: old
        for kid, old in retired.items()
        if now - datetime.fromisoformat(old["retired_at"]) < KEPT_FOR
    }
    return {**accepted, current: {"key": key, "retired_at": ""}}
