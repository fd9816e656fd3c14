"""Short builders of Block Kit payloads for the tests."""

from __future__ import annotations

from typing import Any

Body = dict[str, Any]


def plain(text: str) -> Body:
    """A plain_text object."""
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Body:
    """A mrkdwn object."""
    return {"type": "mrkdwn", "text": text}


def section(text: str = "hello", **more: Any) -> Body:
    """A section with mrkdwn text."""
    return {"type": "section", "text": mrkdwn(text), **more}


def option(value: str = "a", text: str = "A", **more: Any) -> Body:
    """An option of a menu."""
    return {"text": plain(text), "value": value, **more}


def button(action_id: str = "press", text: str = "Press", **more: Any) -> Body:
    """A button."""
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def actions(*elements: Body, **more: Any) -> Body:
    """An actions block."""
    return {"type": "actions", "elements": list(elements), **more}


def field(block_id: str, element: Body | None = None, **more: Any) -> Body:
    """An input block; by default a text field."""
    asked = element or {"type": "plain_text_input"}
    named = {"action_id": "value", **asked}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("Label"),
        "element": named,
        **more,
    }


def modal(*blocks: Body, **more: Any) -> Body:
    """A modal with a submit button."""
    return {
        "type": "modal",
        "callback_id": "form",
        "title": plain("Form"),
        "submit": plain("Send"),
        "blocks": list(blocks),
        **more,
    }


def home(*blocks: Body) -> Body:
    """A Home tab."""
    return {"type": "home", "blocks": list(blocks)}


def message(*blocks: Body, **more: Any) -> Body:
    """A message with fallback text."""
    return {"text": "A message.", "blocks": list(blocks), **more}
