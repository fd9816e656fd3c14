"""Answers to one person, through the address Slack gave for them."""

from __future__ import annotations

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from structlog.testing import capture_logs

from bot.demo import free_port
from bot.slack.answers import note
from bot.slack.post_office import PostOffice
from handlers.respond import Responder


@pytest.mark.parametrize(
    ("address", "logged"),
    [
        ("", []),
        ("http://127.0.0.1:{port}/commands/secret", ["answer.not_sent"]),
        ("https://evil.example/steal", ["answer.not_sent"]),
    ],
)
async def test_an_answer_that_cannot_be_sent_is_logged_without_its_address(
    address: str, logged: list[str]
) -> None:
    """Whoever waited finds it on the card; the address is a secret and stays out of the log."""
    async with aiohttp.ClientSession() as http:
        office = PostOffice(
            client=AsyncWebClient(), http=http, response_hosts=frozenset({"127.0.0.1"})
        )
        with capture_logs() as logs:
            await Responder(office)(address.format(port=free_port()), note("Hello"))
    assert [line["event"] for line in logs] == logged
    assert "secret" not in str(logs)
