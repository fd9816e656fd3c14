"""The workspace as text, the way a person reads it: threads, channels, forms, the Home tab."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.sandbox.slack.dates import clock_time
from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.mrkdwn import name_of, read_mrkdwn
from bot.sandbox.slack.people import Person
from bot.sandbox.slack.render_blocks import BlockReader
from bot.sandbox.slack.views import View
from bot.sandbox.slack.workspace import Workspace

_INDENT = "  "


def render_thread(workspace: Workspace, channel: str, ts: str, *, as_user: str) -> str:
    """A message and its replies as that person reads them, the replies indented.

    Raises `KeyError` when there is no such message for that person.
    """
    reader = workspace.person(as_user)
    root = workspace.messages.find(workspace.channel(channel).channel_id, ts)
    if root is None or not root.is_seen_by(reader.user_id):
        raise KeyError(ts)
    return "\n".join(_thread(workspace, root, reader))


def render_channel(workspace: Workspace, channel: str, *, as_user: str) -> str:
    """A channel as that person reads it, oldest message first, each with its replies."""
    reader = workspace.person(as_user)
    place = workspace.channel(channel)
    title = f"#{place.name}" if place.name else "Direct message"
    parts = [title]
    for root in workspace.messages.roots(place.channel_id):
        if root.is_seen_by(reader.user_id) and not root.is_broadcast:
            parts.append("\n".join(_thread(workspace, root, reader)))
    return "\n\n".join(parts)


def render_view(workspace: Workspace, view: View) -> str:
    """A form or Home tab as its reader sees it, with what was typed and what is wrong."""
    reader = workspace.people[view.user_id]
    blocks = BlockReader(workspace=workspace, reader=reader, values=view.values, errors=view.errors)
    lines = blocks.lines(view.blocks)
    if view.payload["type"] == "home":
        return "\n".join(lines)
    trouble = [f"! {view.errors['']}"] if "" in view.errors else []
    buttons = [view.payload.get("close"), view.payload.get("submit")]
    shown = "  ".join(f"[{button['text']}]" for button in buttons if button)
    return "\n".join([f"— {view.payload['title']['text']} —", *lines, *trouble, shown])


def _thread(workspace: Workspace, root: Message, reader: Person) -> list[str]:
    lines = _message(workspace, root, reader)
    for reply in workspace.messages.replies(root):
        if reply.is_seen_by(reader.user_id):
            lines += [f"{_INDENT * 2}{line}" for line in _message(workspace, reply, reader)]
    return lines


def _message(workspace: Workspace, message: Message, reader: Person) -> list[str]:
    sent_at = datetime.fromtimestamp(int(message.ts.partition(".")[0]), tz=UTC)
    author = name_of(workspace, message.user_id)
    head = f"{author}  {clock_time(sent_at, reader)}"
    if message.only_for:
        head += "  (only visible to you)"
    return [head, *(f"{_INDENT}{line}" for line in _body(workspace, message, reader))]


def _body(workspace: Workspace, message: Message, reader: Person) -> list[str]:
    blocks = BlockReader(workspace=workspace, reader=reader)
    shown = blocks.lines(message.blocks)
    if not message.blocks:
        shown = read_mrkdwn(message.text, workspace, reader).split("\n")
        shown[-1] += " (edited)" if message.edited_ts else ""
    for attachment in message.attachments:
        inside = blocks.lines(attachment.get("blocks") or [])
        shown += [f"| {line}" for line in inside or [str(attachment.get("fallback", ""))]]
    shown += [f"(file: {file['name']})" for file in message.files]
    reactions = " ".join(f":{n}: {len(users)}" for n, users in message.reactions.items())
    return [*shown, reactions] if reactions else shown
