"""Slack's events: somebody opens the Home page, writes to the bot, or removes the app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Clock, Tasks
from bot.services.answer_messages import AnswerMessages
from bot.services.find_calls import FindCalls
from bot.services.know_people import KnowPeople
from bot.slack.home import home_view
from bot.slack.troubles import SlackTrouble, asked

log = structlog.get_logger(__name__)

WITHIN = timedelta(minutes=1)


class SlackEvents:
    """Acknowledged when the listener returns; network work goes to the background."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        find: FindCalls,
        hello: AnswerMessages,
        people: KnowPeople,
        clock: Clock,
        tasks: Tasks,
        shut_out: Callable[[str], None],
    ) -> None:
        """`shut_out`: the app is gone from the workspace, for the reason it is given."""
        self._client = client
        self._find = find
        self._hello = hello
        self._people = people
        self._clock = clock
        self._tasks = tasks
        self._shut_out = shut_out

    async def home_opened(self, event: Mapping[str, Any]) -> None:
        """Somebody looks at the bot's Home page."""
        if event.get("tab") == "home":
            self._tasks.start(self._publish_home(str(event["user"])), name="events.home")

    async def _publish_home(self, user_id: str) -> None:
        viewer = self._people.stranger(user_id)  # Home shows one's own calls, to admins too
        waiting = await self._find.page(viewer=viewer, which="scheduled")
        active = await self._find.page(viewer=viewer, which="active")
        done = await self._find.page(viewer=viewer, which="done")
        view = home_view(
            next_calls=[*active.calls, *waiting.calls],
            last_calls=done.calls,
            now=self._clock.now(),
        )
        try:
            await asked(self._client.views_publish(user_id=user_id, view=view), deadline=WITHIN)
        except SlackTrouble as trouble:
            log.warning("home.not_published", error=trouble.error)

    async def message(self, body: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        """A direct message, or a mention in a channel: say what the bot is for."""
        is_from_person = event.get("user") and not event.get("bot_id") and not event.get("subtype")
        if is_from_person:
            await self._hello.hello(str(event["user"]), delivery=f"event:{body.get('event_id')}")

    async def user_changed(self, event: Mapping[str, Any]) -> None:
        """Somebody moved to another time zone, or became an admin."""
        user_id = str((event.get("user") or {}).get("id") or "")
        if await self._people.remembered(user_id):
            self._tasks.start(self._people.ask_again(user_id), name="events.user_changed")

    async def removed(self) -> None:
        """The app was removed from the workspace."""
        self._shut_out("app_uninstalled")

    async def tokens_revoked(self, event: Mapping[str, Any]) -> None:
        """Tokens were revoked: the bot's own one, or people's, of which we have none."""
        if (event.get("tokens") or {}).get("bot"):
            self._shut_out("token_revoked")

    async def nothing(self) -> None:
        """Events we have no use for are acknowledged, or Slack sends them four times."""
