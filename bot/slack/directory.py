"""Who people are: Slack's users.info, in our words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

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
        user: dict[str, Any] = answer.get("user") or {}
        zone = user.get("tz")
        if not zone:
            raise LookupError("no time zone")
        return Profile(
            user_id=user_id,
            zone=str(zone),
            is_admin=bool(user.get("is_admin") or user.get("is_owner")),
            fetched_at=self._clock.now(),
            locale=str(user.get("locale") or "en-US"),
        )
