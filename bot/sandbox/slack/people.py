"""The people of the embedded workspace, the bot included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

TEAM_ID = "T0ROBOTEAM"
TEAM_NAME = "Harbour House"
TEAM_DOMAIN = "harbour-house"
APP_ID = "A0ROBOCALL"
BOT_ID = "B0ROBOCALL"
BOT_USER_ID = "U0ROBOCALL"
SLACKBOT_ID = "USLACKBOT"


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member of the workspace. `tz` is an IANA name; `name` is what stands after the @."""

    user_id: str
    name: str
    real_name: str
    tz: str = "Europe/London"
    locale: str = "en-GB"
    is_admin: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_deleted: bool = False

    def to_user(self, now: datetime, *, include_locale: bool = False) -> dict[str, Any]:
        """The user object of users.info at that moment (the offset follows summer time)."""
        local = now.astimezone(ZoneInfo(self.tz))
        offset = local.utcoffset()
        user: dict[str, Any] = {
            "id": self.user_id,
            "team_id": TEAM_ID,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.is_deleted,
            "tz": self.tz,
            "tz_label": local.tzname(),
            "tz_offset": int(offset.total_seconds()) if offset else 0,
            "is_admin": self.is_admin,
            "is_owner": self.is_admin,
            "is_primary_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "profile": {
                "real_name": self.real_name,
                "display_name": self.name,
                "team": TEAM_ID,
                **({"api_app_id": APP_ID, "bot_id": BOT_ID} if self.is_bot else {}),
            },
        }
        return {**user, "locale": self.locale} if include_locale else user


def default_people() -> tuple[Person, ...]:
    """Three people to act as: Ana runs the house, Ben sits at the desk, Priya is in Mumbai."""
    return (
        Person(user_id="U0ANA", name="ana", real_name="Ana Torres", is_admin=True),
        Person(user_id="U0BEN", name="ben", real_name="Ben Carter"),
        Person(
            user_id="U0PRIYA",
            name="priya",
            real_name="Priya Nair",
            tz="Asia/Kolkata",
            locale="en-IN",
        ),
    )
