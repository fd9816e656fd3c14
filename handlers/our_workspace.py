"""Whose deliveries we take: those of the workspace our token belongs to (catalogue S21).

Left to itself Bolt asks Slack about the token when the first delivery comes, before it is
acknowledged. Here nobody is asked: the bot tells what it learned at its start.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.response import BoltResponse
from typing_extensions import override

log = structlog.get_logger(__name__)


class OurWorkspace(AsyncAuthorize):
    """What we know of the workspace; until we do, every delivery that Slack signed counts as ours.

    (The signing secret and the app token are the app's own: another team means that somebody
    else installed it too.)
    """

    def __init__(self, *, token: str) -> None:
        self._token = token
        self._identity: Mapping[str, Any] = {}

    def know(self, identity: Mapping[str, Any]) -> None:
        """Remember what `auth.test` says."""
        self._identity = identity

    async def ignore_others(
        self,
        context: AsyncBoltContext,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's name
    ) -> BoltResponse:
        """Bolt's `before_authorize`: acknowledge what is not for us, and do nothing."""
        ours = self._identity.get("team_id")
        if ours and context.team_id and context.team_id != ours:
            log.warning("delivery.of_another_team")
            return BoltResponse(status=200, body="")
        return await next()

    @override
    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        **_: str | None,
    ) -> AuthorizeResult:
        """Bolt's `authorize`, from memory."""
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=self._identity.get("user_id"),
            bot_id=self._identity.get("bot_id"),
            bot_token=self._token,
            user_id=user_id,
        )
