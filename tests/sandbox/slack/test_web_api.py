"""The Web API through Slack's own client."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Workspace


async def test_a_posted_message_is_in_the_channel(
    web: AsyncWebClient, workspace: Workspace
) -> None:
    """chat.postMessage writes what a person then reads."""
    answer = await web.chat_postMessage(channel="C0GENERAL", text="Good morning")
    message = workspace.messages.find("C0GENERAL", answer["ts"])
    assert message is not None
    assert message.text == "Good morning"
    assert (await web.auth_test())["user_id"] == message.user_id
