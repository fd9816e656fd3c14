"""Whether Slack still lets us in: told by its events, and asked again and again (S13).

Out of the workspace nothing is dialled, since nobody there could see or stop it. What waits is
kept, expires in its time, and goes on when Slack knows us again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.troubles import Kind, SlackTrouble, asked

log = structlog.get_logger(__name__)

WITHIN = timedelta(seconds=15)


class SlackAccess:
    """Pauses dialling while we are shut out."""

    def __init__(
        self,
        *,
        client: AsyncWebClient,
        pause: Callable[[str], None],
        resume: Callable[[], None],
    ) -> None:
        """`pause` is told why in words for people; `resume` is called when it is over."""
        self._client = client
        self._pause = pause
        self._resume = resume
        self._answers = True
        self._problem = ""

    @property
    def problem(self) -> str:
        """Why we are shut out, in Slack's own word (like `token_revoked`), or ''."""
        return self._problem

    @property
    def is_well(self) -> bool:
        """Whether Slack answered when it was asked last, and knew us."""
        return self._answers and not self._problem

    def shut_out(self, word: str) -> None:
        """The app was removed or its token revoked: fail closed."""
        if self._problem:
            return  # what waits was told why already
        log.error("slack.shut_out", error=word)
        self._problem = word
        self._pause(f"Slack has shut me out of this workspace ({word})")

    async def look(self) -> Mapping[str, Any] | None:
        """Ask Slack who we are; None if it does not say."""
        try:
            answer = await asked(self._client.auth_test(), deadline=WITHIN)
        except SlackTrouble as trouble:
            self._answers = False
            if trouble.kind is Kind.NO_ACCESS:
                self.shut_out(trouble.error)
            else:
                log.warning("slack.unsure", error=trouble.error)
            return None
        self._answers = True
        if self._problem:
            log.info("slack.back")
            self._problem = ""
            self._resume()
        return {key: answer.get(key) for key in ("team_id", "user_id", "bot_id")}
