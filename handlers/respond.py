"""Answering one person after the acknowledgement, through the address Slack gave for it."""

from __future__ import annotations

import structlog

from bot.slack.blocks import Message
from bot.slack.post_office import PostOffice
from bot.slack.troubles import SlackTrouble

log = structlog.get_logger(__name__)


class Responder:
    """Sends ephemeral answers; what they tell stands on the card too, so none is repeated."""

    def __init__(self, post_office: PostOffice) -> None:
        self._post_office = post_office

    async def __call__(self, response_url: str, message: Message) -> None:
        """Send, or log that Slack did not take it."""
        if not response_url:
            return
        try:
            await self._post_office.respond(response_url, message)
        except SlackTrouble as trouble:
            log.warning("answer.not_sent", error=trouble.error)
