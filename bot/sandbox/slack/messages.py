"""Messages of the embedded workspace: unique timestamps, threads, edits, ephemeral ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.sandbox.slack.blocks import usable, with_ids
from bot.sandbox.slack.people import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID


@dataclass(kw_only=True)
class Message:
    """One message. `ts` is its name within the channel; `only_for` makes it ephemeral."""

    channel_id: str
    ts: str
    user_id: str
    text: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    thread_ts: str | None = None
    edited_ts: str | None = None
    only_for: str | None = None
    is_broadcast: bool = False
    is_deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread below another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts

    def is_seen_by(self, user_id: str) -> bool:
        """Ephemeral messages have one reader."""
        return self.only_for in {None, user_id}

    def show(self, content: Mapping[str, Any]) -> None:
        """Show this text, these blocks and attachments; blocks without an id get one."""
        self.text = content["text"]
        self.blocks = with_ids(content["blocks"])
        self.attachments = [
            {**each, "blocks": with_ids(each["blocks"])} if each.get("blocks") else each
            for each in content["attachments"]
        ]

    def usable(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Every (block, element) of the message that a person can use."""
        return usable(self.all_blocks())

    def all_blocks(self) -> list[dict[str, Any]]:
        """The blocks, those inside attachments included."""
        inside = (block for each in self.attachments for block in each.get("blocks") or [])
        return [*self.blocks, *inside]

    def to_api(self, *, include_metadata: bool = False) -> dict[str, Any]:
        """The message object as the Web API and events give it."""
        found: dict[str, Any] = {
            "type": "message",
            "user": self.user_id,
            "text": self.text,
            "ts": self.ts,
            "team": TEAM_ID,
        }
        if self.user_id == BOT_USER_ID:
            found |= {"bot_id": BOT_ID, "app_id": APP_ID}
        if self.is_deleted:
            found["subtype"] = "tombstone"
        if self.edited_ts:
            found["edited"] = {"user": self.user_id, "ts": self.edited_ts}
        optional = {
            "blocks": self.blocks,
            "attachments": self.attachments,
            "files": self.files,
            "thread_ts": self.thread_ts,
            "metadata": self.metadata if include_metadata else None,
            "reactions": [
                {"name": name, "users": users, "count": len(users)}
                for name, users in self.reactions.items()
            ],
        }
        return found | {name: value for name, value in optional.items() if value}


class Messages:
    """All messages, in the order they were written."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_place: dict[tuple[str, str], Message] = {}
        self._last_ts = 0

    def next_ts(self, now: datetime) -> str:
        """A timestamp that no message has yet and that is later than all before."""
        epoch = datetime.fromtimestamp(0, tz=now.tzinfo)
        micros = (now - epoch) // timedelta(microseconds=1)
        self._last_ts = max(self._last_ts + 1, micros)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def add(self, message: Message) -> Message:
        """Keep a new message; a first reply turns its root into a thread."""
        self._by_place[(message.channel_id, message.ts)] = message
        if message.is_reply and message.thread_ts:
            root = self.find(message.channel_id, message.thread_ts)
            if root:
                root.thread_ts = root.ts
        return message

    def find(self, channel_id: str, ts: str) -> Message | None:
        """The message of that name, ephemeral ones included."""
        return self._by_place.get((channel_id, ts))

    def remove(self, message: Message) -> None:
        """Take a message away; the root of a living thread leaves a tombstone."""
        if not message.is_reply and message.only_for is None and self.replies(message):
            message.is_deleted = True
            message.text, message.blocks = "This message was deleted.", []
            message.attachments, message.metadata = [], None
        else:
            del self._by_place[(message.channel_id, message.ts)]

    def replies(self, root: Message) -> list[Message]:
        """The replies of a thread, ephemeral ones included, oldest first."""
        return [m for m in self.of(root.channel_id) if m.is_reply and m.thread_ts == root.ts]

    def of(self, channel_id: str) -> list[Message]:
        """All messages of a channel, replies and ephemeral ones included, oldest first."""
        return [m for m in self if m.channel_id == channel_id]

    def roots(self, channel_id: str) -> list[Message]:
        """What stands in the channel itself: everything but plain replies, oldest first."""
        return [m for m in self.of(channel_id) if not m.is_reply or m.is_broadcast]

    def __iter__(self) -> Iterator[Message]:
        """All messages of all channels, oldest first (timestamps only ever grow)."""
        return iter(list(self._by_place.values()))
