"""Changing the key of the callback addresses turns away no call that is out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.voice.key_ring import KeyRing, key_id, turned

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OLD, NEW = "o" * 32, "n" * 32


def accepted(ring: KeyRing) -> set[str]:
    """The keys whose addresses are read."""
    return {key["key"] for key in ring.values()}


def test_an_old_key_is_accepted_for_seven_days() -> None:
    """From the day it was replaced, however long it had been in use (W23)."""
    ring = turned(turned({}, OLD, now=NOW - 300 * DAY), NEW, now=NOW)
    assert accepted(turned(ring, NEW, now=NOW + 6 * DAY)) == {OLD, NEW}
    assert accepted(turned(ring, NEW, now=NOW + 7 * DAY)) == {NEW}


def test_a_key_that_comes_back_signs_again() -> None:
    """Somebody set a wrong secret for an hour."""
    ring = turned(turned({}, OLD, now=NOW), NEW, now=NOW)
    back = turned(ring, OLD, now=NOW + DAY)
    assert back[key_id(OLD)]["retired_at"] == ""
    assert accepted(turned(back, OLD, now=NOW + 30 * DAY)) == {OLD}


def test_the_name_of_a_key_does_not_tell_it() -> None:
    """It stands in every address."""
    assert key_id(OLD) not in OLD
    assert key_id(OLD) != key_id(NEW)
