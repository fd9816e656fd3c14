"""Who people are: Slack's users.info, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Clock, Profile
from bot.slack.post_office import DEADLINE
from bot.slack.troubles import SlackTrouble, asked


class SlackDirectory:
    """Asks Slack each time; whoever wants it remembered keeps the profile."""

    def __init__(
        self, client: AsyncWebClient, clock: Clock, *, deadline: timedelta = DEADLINE
    ) -> None:
        self._client = client
        self._clock = clock
        self._deadline = deadline

    async def profile(self, user_id: str) -> Profile:
        """Zone and role of a user. Raises LookupError if Slack cannot say."""
        request = self._client.users_info(user=user_id, include_locale=True)
        try:
            answer = await asked(request, deadline=self._deadline)
        except SlackTrouble as trouble:
            raise LookupError(trouble.error) from None
        profile = to_profile(answer.get("user") or {}, now=self._clock.now())
        if profile is None:
            raise LookupError("no time zone")
        return profile


def to_profile(user: Mapping[str, Any], *, now: datetime) -> Profile | None:
    """Slack's user object in our words; None if it lacks the id, or a zone this machine knows."""
    if not user.get("id") or zone_named(str(user.get("tz") or "")) is None:
        return None
    return Profile(
        user_id=str(user["id"]),
        zone=str(user["tz"]),
        is_admin=bool(user.get("is_admin") or user.get("is_owner")),
        fetched_at=now,
        locale=str(user.get("locale") or "en-US"),
    )


def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of an IANA name; None if this machine knows none by it."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        # OSError: a folder of the zone files, such as America
        return None
