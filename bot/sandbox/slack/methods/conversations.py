"""conversations.*: where people talk."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.call import Call, page
from bot.sandbox.slack.channels import Channel
from bot.sandbox.slack.events import member_joined_event
from bot.sandbox.slack.people import BOT_USER_ID
from bot.sandbox.slack.refusal import Refusal


def open_direct(call: Call) -> dict[str, Any]:
    """The direct messages with one person."""
    person = call.person(call.need("users"))
    channel = call.workspace.direct(person.user_id)
    return {"channel": channel.to_conversation() if call.flag("return_im") else _id(channel)}


def _id(channel: Channel) -> dict[str, Any]:
    return {"id": channel.channel_id}


def info(call: Call) -> dict[str, Any]:
    """One conversation."""
    channel = call.channel()
    call.need_scope_for(channel, "read")
    return {"channel": channel.to_conversation()}


def list_all(call: Call) -> dict[str, Any]:
    """The conversations of the asked types that the bot can see, in pages."""
    types = str(call.get("types", "public_channel")).replace(" ", "").split(",")
    granted = call.workspace.manifest.scopes
    found = [
        channel.to_conversation()
        for channel in call.workspace.channels.values()
        if channel.kind in types
        and channel.is_seen_by(BOT_USER_ID)
        and f"{channel.scope_family}:read" in granted
        and not (channel.is_archived and call.flag("exclude_archived"))
    ]
    channels, metadata = page(call, found)
    return {"channels": channels, "response_metadata": metadata}


def members(call: Call) -> dict[str, Any]:
    """The ids of those in a conversation, in pages."""
    channel = call.channel()
    call.need_scope_for(channel, "read")
    found, metadata = page(call, sorted(channel.members))
    return {"members": found, "response_metadata": metadata}


def join(call: Call) -> dict[str, Any]:
    """Let the bot into a public channel."""
    channel = call.channel()
    if channel.kind != "public_channel":
        raise Refusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise Refusal("is_archived")
    if BOT_USER_ID not in channel.members:
        channel.members.add(BOT_USER_ID)
        call.deliveries.send_event(member_joined_event(channel, BOT_USER_ID))
    return {"channel": channel.to_conversation()}


def _readable(call: Call) -> Channel:
    channel = call.channel()
    call.need_scope_for(channel, "history")
    if BOT_USER_ID not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def history(call: Call) -> dict[str, Any]:
    """What stands in a channel, newest first, without replies and ephemeral messages."""
    channel = _readable(call)
    oldest, latest = str(call.get("oldest", "0")), str(call.get("latest", "9999999999"))
    inclusive = call.flag("inclusive")
    found = [
        message.to_api(include_metadata=call.flag("include_all_metadata"))
        for message in reversed(call.workspace.messages.roots(channel.channel_id))
        if message.only_for is None
        and (
            float(oldest) < float(message.ts) < float(latest)
            or (inclusive and message.ts in {oldest, latest})
        )
    ]
    messages, metadata = page(call, found)
    has_more = bool(metadata["next_cursor"])
    return {"messages": messages, "has_more": has_more, "response_metadata": metadata}


def replies(call: Call) -> dict[str, Any]:
    """A thread: its root and its replies, oldest first."""
    channel = _readable(call)
    root = call.workspace.messages.find(channel.channel_id, str(call.need("ts")))
    if root is None or root.only_for:
        raise Refusal("thread_not_found")
    thread = [root, *(m for m in call.workspace.messages.replies(root) if m.only_for is None)]
    with_metadata = call.flag("include_all_metadata")
    found = [message.to_api(include_metadata=with_metadata) for message in thread]
    messages, metadata = page(call, found)
    has_more = bool(metadata["next_cursor"])
    return {"messages": messages, "has_more": has_more, "response_metadata": metadata}
