"""chat.* and reactions.add: what the app writes (slack-facts 2.6)."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.call import Call
from bot.sandbox.slack.channels import Channel
from bot.sandbox.slack.content import read_content, read_metadata
from bot.sandbox.slack.events import message_event
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import BOT_USER_ID, TEAM_DOMAIN
from bot.sandbox.slack.refusal import Refusal

MAX_TEXT = 40_000
MAX_UPDATE_TEXT = 4000


def _writable(call: Call) -> Channel:
    """The channel to write to: an id, a name, or a person for a direct message."""
    wanted = str(call.need("channel"))
    if wanted in call.workspace.people:
        channel = call.workspace.direct(wanted)
    else:
        named = {f"#{c.name}": c for c in call.workspace.channels.values() if c.name}
        found = call.workspace.channels.get(wanted) or named.get(wanted)
        if found is None or not found.is_seen_by(BOT_USER_ID):
            raise Refusal("channel_not_found")
        channel = found
    if channel.is_archived:
        raise Refusal("is_archived")
    anywhere = "chat:write.public" in call.workspace.manifest.scopes
    if BOT_USER_ID not in channel.members and not (anywhere and not channel.is_private):
        raise Refusal("not_in_channel")
    return channel


def _root_ts(call: Call, channel: Channel) -> str | None:
    thread_ts = call.get("thread_ts")
    if thread_ts is None:
        return None
    root = call.workspace.messages.find(channel.channel_id, str(thread_ts))
    if root is None or root.only_for:
        raise Refusal("thread_not_found")
    return root.thread_ts or root.ts


def post_message(call: Call) -> dict[str, Any]:
    """Write a message, perhaps into a thread."""
    channel = _writable(call)
    parts = read_content(call.arguments)
    parts["text"] = parts["text"][:MAX_TEXT]
    message = call.workspace.post(
        channel.channel_id,
        BOT_USER_ID,
        parts,
        metadata=read_metadata(call.arguments),
        thread_ts=_root_ts(call, channel),
        is_broadcast=call.flag("reply_broadcast"),
    )
    call.deliveries.send_event(message_event(message, channel))
    return {"channel": channel.channel_id, "ts": message.ts, "message": message.to_api()}


def post_ephemeral(call: Call) -> dict[str, Any]:
    """Write a message that one person sees."""
    channel = _writable(call)
    reader = call.person(call.need("user"))
    if reader.user_id not in channel.members:
        raise Refusal("user_not_in_channel")
    message = call.workspace.post(
        channel.channel_id,
        BOT_USER_ID,
        read_content(call.arguments),
        thread_ts=_root_ts(call, channel),
        only_for=reader.user_id,
    )
    return {"message_ts": message.ts}


def _own_message(call: Call, channel: Channel, *, refusal: str, ts_name: str = "ts") -> Message:
    message = call.workspace.messages.find(channel.channel_id, str(call.need(ts_name)))
    if message is None or message.only_for or message.is_deleted:
        raise Refusal("message_not_found")
    if message.user_id != BOT_USER_ID:
        raise Refusal(refusal)
    return message


def update(call: Call) -> dict[str, Any]:
    """Edit a message of the app; `text` without `blocks` removes the blocks."""
    channel = call.channel()
    message = _own_message(call, channel, refusal="cant_update_message")
    if channel.is_archived:
        raise Refusal("is_archived")
    parts = read_content(call.arguments)
    if len(parts["text"]) > MAX_UPDATE_TEXT:
        raise Refusal("msg_too_long")
    if parts["text"] != message.text and not parts["blocks"]:
        message.edited_ts = call.workspace.messages.next_ts(call.workspace.clock.now())
    message.show(parts)
    message.metadata = read_metadata(call.arguments) or message.metadata
    return {
        "channel": channel.channel_id,
        "ts": message.ts,
        "text": message.text,
        "message": message.to_api(),
    }


def delete(call: Call) -> dict[str, Any]:
    """Take a message of the app away."""
    channel = call.channel()
    message = _own_message(call, channel, refusal="cant_delete_message")
    call.workspace.messages.remove(message)
    return {"channel": channel.channel_id, "ts": message.ts}


def get_permalink(call: Call) -> dict[str, Any]:
    """The address of a message in a browser."""
    channel = call.channel()
    message = call.workspace.messages.find(channel.channel_id, str(call.need("message_ts")))
    if message is None or message.only_for:
        raise Refusal("message_not_found")
    place = f"{channel.channel_id}/p{message.ts.replace('.', '')}"
    link = f"https://{TEAM_DOMAIN}.slack.com/archives/{place}"
    if message.is_reply:
        link += f"?thread_ts={message.thread_ts}&cid={channel.channel_id}"
    return {"channel": channel.channel_id, "permalink": link}


def add_reaction(call: Call) -> dict[str, Any]:
    """Put an emoji on a message."""
    channel = call.channel()
    message = call.workspace.messages.find(channel.channel_id, str(call.need("timestamp")))
    if message is None or message.only_for:
        raise Refusal("message_not_found")
    users = message.reactions.setdefault(str(call.need("name")), [])
    if BOT_USER_ID in users:
        raise Refusal("already_reacted")
    users.append(BOT_USER_ID)
    return {}
