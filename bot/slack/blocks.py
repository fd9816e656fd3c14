"""The bricks of Block Kit: the only place that knows their shape and limits (slack-facts 2)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.slack.pieces import Piece, Pieces, to_leaves, to_mrkdwn
from bot.slack.text import cut, one_line

Block = dict[str, Any]

MAX_LABEL = 75
MAX_CONFIRM_TITLE = 100
MAX_CONFIRM_TEXT = 300
MAX_HEADER = 150


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What is posted: `text` is a full sentence for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...] = ()

    def payload(self) -> dict[str, Any]:
        """As arguments of chat.postMessage, chat.update, ack() or respond()."""
        if not self.blocks:
            return {"text": self.text}
        return {"text": self.text, "blocks": list(self.blocks)}

    def packed(self) -> str:
        """As one text, for the outbox."""
        return json.dumps(self.payload(), ensure_ascii=False)

    @classmethod
    def unpacked(cls, text: str) -> Message:
        """The message that was packed."""
        payload = json.loads(text)
        return cls(text=payload["text"], blocks=tuple(payload.get("blocks", ())))


def sentence(pieces: Pieces) -> Message:
    """A message that is one or two sentences and nothing else."""
    return Message(text=to_mrkdwn(pieces), blocks=(rich_text(line(pieces)),))


def plain(text: str, limit: int = MAX_LABEL) -> Block:
    """A plain text object: shows every character as it is."""
    return {"type": "plain_text", "text": cut(one_line(text), limit)}


def header(text: str) -> Block:
    """A headline."""
    return {"type": "header", "text": plain(text, MAX_HEADER)}


def divider() -> Block:
    """A thin line."""
    return {"type": "divider"}


def rich_text(*elements: Block, block_id: str | None = None) -> Block:
    """A block of text in which nothing from people is markup."""
    block: Block = {"type": "rich_text", "elements": list(elements)}
    return {**block, "block_id": block_id} if block_id else block


def line(pieces: Iterable[Piece]) -> Block:
    """A paragraph of rich text."""
    return {"type": "rich_text_section", "elements": to_leaves(pieces)}


def quote(pieces: Iterable[Piece]) -> Block:
    """Quoted words, with a bar at their side."""
    return {"type": "rich_text_quote", "elements": to_leaves(pieces)}


def code(text: str) -> Block:
    """Lines to be typed as they stand."""
    return {"type": "rich_text_preformatted", "elements": to_leaves([text])}


def bullets(items: Iterable[Pieces]) -> Block:
    """A list."""
    return {"type": "rich_text_list", "style": "bullet", "elements": [line(i) for i in items]}


def actions(*buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "elements": list(buttons)}


def button(
    text: str,
    *,
    action_id: str,
    value: str = "",
    spoken: str = "",
    style: str = "",
    asks: Block | None = None,
) -> Block:
    """A button; `spoken` is what a screen reader says, `asks` a dialog before it acts."""
    more: Block = {"value": value} if value else {}
    more |= {"accessibility_label": cut(one_line(spoken), MAX_LABEL)} if spoken else {}
    more |= {"style": style} if style else {}
    more |= {"confirm": asks} if asks else {}
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def confirm(title: str, text: str, *, yes: str, no: str, is_danger: bool = False) -> Block:
    """A dialog that asks before a button acts."""
    dialog: Block = {
        "title": plain(title, MAX_CONFIRM_TITLE),
        "text": plain(text, MAX_CONFIRM_TEXT),
        "confirm": plain(yes, 30),
        "deny": plain(no, 30),
    }
    return {**dialog, "style": "danger"} if is_danger else dialog


def option(text: str, value: str, description: str = "") -> Block:
    """One choice of a select, of radio buttons or checkboxes."""
    choice: Block = {"text": plain(text), "value": value}
    return {**choice, "description": plain(description)} if description else choice
