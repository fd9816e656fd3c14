"""files.*: uploads of the app, and what it may know about people's files (slack-facts 4)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.call import Call
from bot.sandbox.slack.people import BOT_USER_ID
from bot.sandbox.slack.refusal import Refusal


def begin_upload(call: Call) -> dict[str, Any]:
    """A URL to post the bytes to."""
    found = call.workspace.files.begin(
        str(call.need("filename")),
        user_id=BOT_USER_ID,
        length=call.number("length", 0),
        now=call.workspace.clock.now(),
    )
    url = f"{call.base_url}upload/{found.file_id}/{found.secret}"
    return {"upload_url": url, "file_id": found.file_id}


def complete_upload(call: Call) -> dict[str, Any]:
    """Finish uploads and, with a channel, share them there."""
    asked = call.need("files")
    if not isinstance(asked, list) or not all(isinstance(one, dict) for one in asked):
        raise Refusal("invalid_arguments")
    found = [call.workspace.files.find(str(one.get("id"))) for one in asked]
    if any(file.content is None for file in found):
        raise Refusal("file_upload_not_found")
    for one, file in zip(asked, found, strict=True):
        file.title, file.is_complete = str(one.get("title") or file.name), True
    listed = [file.to_api(call.base_url) for file in found]
    if call.get("channel_id"):
        _share(call, listed)
    return {"files": listed}


def _share(call: Call, files: list[dict[str, Any]]) -> None:
    channel = call.channel("channel_id")
    if BOT_USER_ID not in channel.members:
        raise Refusal("not_in_channel")
    call.workspace.post(
        channel.channel_id,
        BOT_USER_ID,
        {"text": str(call.get("initial_comment", ""))},
        thread_ts=call.get("thread_ts"),
        files=files,
    )


def info(call: Call) -> dict[str, Any]:
    """One file, with the URL at which its bytes can be had with the bot's token."""
    return {"file": call.workspace.files.find(str(call.need("file"))).to_api(call.base_url)}
