from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ports import Profile
from bot.sandbox.clock import PushedClock
from bot.services import know_people
from bot.services.know_people import FRESH_FOR, KnowPeople
from storage.database import Database
from tests.support.made import NOW

ANN = Profile(user_id="U1", zone="Europe/Vienna", is_admin=False, fetched_at=NOW)


class Slack:
    """Says what it is told to say, and counts how often it is asked."""

    def __init__(self) -> None:
        self.says: Profile | None = ANN
        self.asked = 0

    async def profile(self, user_id: str) -> Profile:
        self.asked += 1
        if self.says is None:
            raise LookupError(user_id)
        return replace(self.says, user_id=user_id)


@pytest.fixture
def slack() -> Slack:
    """A Slack that knows everybody."""
    return Slack()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Database]:
    """A real database."""
    database = await Database.open(tmp_path / "robocall.db")
    yield database
    await database.close()


def people(store: Database, slack: Slack, *, later: timedelta = timedelta()) -> KnowPeople:
    """A bot just started."""
    return KnowPeople(store=store, clock=PushedClock(NOW + later), directory=slack)


async def test_somebody_known_is_not_asked_about_again(store: Database, slack: Slack) -> None:
    """Not by this bot, and not after a restart."""
    known = people(store, slack)
    assert await known.remembered("U1") is None
    assert await known.profile("U1") == ANN
    assert await known.remembered("U1") == ANN
    restarted = people(store, slack)
    assert await restarted.remembered("U1") == ANN
    assert await restarted.profile("U1") == ANN
    assert slack.asked == 1


async def test_an_old_profile_is_asked_for_again(store: Database, slack: Slack) -> None:
    """After a day; what Slack says now is remembered, here and in the database."""
    await people(store, slack).profile("U1")
    slack.says = replace(ANN, zone="Asia/Tokyo", fetched_at=NOW + FRESH_FOR)
    tomorrow = people(store, slack, later=FRESH_FOR)
    assert await tomorrow.remembered("U1") == ANN
    assert (await tomorrow.profile("U1")).zone == "Asia/Tokyo"
    for knows in (tomorrow, people(store, slack)):
        assert await knows.remembered("U1") == slack.says


async def test_old_news_is_better_than_none(store: Database, slack: Slack) -> None:
    """Slack is out: what was known stays; a stranger is in UTC and no admin."""
    await people(store, slack).profile("U1")
    slack.says = None
    tomorrow = people(store, slack, later=FRESH_FOR)
    assert await tomorrow.profile("U1") == ANN
    stranger = await tomorrow.profile("U2")
    assert (stranger.zone, stranger.is_admin) == ("UTC", False)


async def test_memory_is_bounded(
    store: Database, slack: Slack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many people speak, all are known and few are kept in memory."""
    monkeypatch.setattr(know_people, "MOST_AT_HAND", 2)
    known = people(store, slack)
    for user_id in ("U1", "U2", "U3", "U1"):
        assert (await known.profile(user_id)).user_id == user_id
    assert slack.asked == 3
    assert len(known._at_hand) <= 2
