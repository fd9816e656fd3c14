"""How tests look at what would be sent: Slack's rules, the SDK's own, and the kept pictures."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.sandbox.slack.block_rules import check_message, check_view
from bot.slack.blocks import Message

PICTURES = Path(__file__).parents[1] / "data" / "blocks"


def looks_like(name: str, payload: Any) -> None:
    """Compare with tests/data/blocks/<name>.json; UPDATE_SNAPSHOTS=1 writes it anew."""
    kept = PICTURES / f"{name}.json"
    drawn = json.dumps(payload, indent=2, ensure_ascii=False) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        kept.write_text(drawn, encoding="utf-8")
    assert drawn == kept.read_text(encoding="utf-8")


def slack_takes(message: Message) -> Message:
    """The message, if Slack and the SDK's strict models accept it."""
    payload = message.payload()
    assert check_message(payload) == []
    with _no_complaints():
        blocks = payload.get("blocks", [])
        parsed: list[Block | None] = list(Block.parse_all(blocks))
        kinds = [each.to_dict()["type"] for each in parsed if each is not None]
        assert kinds == [block["type"] for block in blocks]
    return message


def slack_takes_view(view: dict[str, Any]) -> dict[str, Any]:
    """The view, if Slack and the SDK's strict models accept it."""
    assert check_view(view) == []
    with _no_complaints():
        assert len(View(**view).to_dict()["blocks"]) == len(view["blocks"])
    return view


@contextmanager
def _no_complaints() -> Iterator[None]:
    """The SDK logs what it skips ("Unknown ... skipped"): that is an error here."""
    heard: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: heard.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("slack_sdk")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    assert heard == []


def read_aloud(message: Message) -> str:
    """Every word a person reads in the blocks, buttons in brackets; all leaves in order."""
    return "".join(_words(list(message.blocks))).strip()


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for each in node:
            yield from _words(each)
    elif isinstance(node, dict):
        yield from _of_block(node)


def _of_block(node: dict[str, Any]) -> Iterator[str]:
    match node.get("type"):
        case "text" | "plain_text":
            yield node["text"]
        case "date":
            yield node["fallback"]
        case "user":
            yield f"@{node['user_id']}"
        case "channel":
            yield f"#{node['channel_id']}"
        case "button":
            yield f"[{node['text']['text']}]"
        case "header":
            yield node["text"]["text"] + "\n"
        case _:
            yield from _words(node.get("elements", []))
            yield "\n"


def buttons(message: Message) -> list[str]:
    """The labels of the buttons, in order."""
    rows = [block for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row["elements"]]
