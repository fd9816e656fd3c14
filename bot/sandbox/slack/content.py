"""What a message may contain, wherever it comes from: the Web API, a response_url, an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.block_rules import check_attachments, check_blocks
from bot.sandbox.slack.refusal import Refusal, refuse_payload

MAX_MARKDOWN = 12_000
NO_PREVIEW = "This content can't be displayed."


def read_content(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Text, blocks and attachments as fields of `Message`; refuses what Slack refuses."""
    blocks, attachments = arguments.get("blocks"), arguments.get("attachments")
    text = arguments.get("text")
    if arguments.get("markdown_text") is not None:
        text = _read_markdown(arguments)
    if text is not None and not isinstance(text, str):
        raise refuse_payload("invalid_arguments", ["must provide a string [json-pointer:/text]"])
    if not (text or blocks or attachments):
        raise Refusal("no_text")
    problems = check_blocks(blocks, "message") if blocks is not None else []
    if problems:
        raise refuse_payload("invalid_blocks", problems)
    problems = check_attachments(attachments)
    if problems:
        raise refuse_payload("invalid_attachments", problems)
    return {
        "text": text or NO_PREVIEW,
        "blocks": blocks or [],
        "attachments": attachments or [],
    }


def _read_markdown(arguments: Mapping[str, Any]) -> str:
    if arguments.get("text") or arguments.get("blocks"):
        raise Refusal("markdown_text_conflict")
    markdown = str(arguments.get("markdown_text"))
    if len(markdown) > MAX_MARKDOWN:
        raise Refusal("msg_too_long")
    return markdown


def read_metadata(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """The metadata of a message: a named event with a payload object."""
    metadata = arguments.get("metadata")
    if metadata is None:
        return None
    shaped = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    if not shaped or not isinstance(metadata.get("event_type"), str):
        raise Refusal("invalid_metadata_format")
    return dict(metadata)
