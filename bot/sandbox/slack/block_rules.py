"""What Slack accepts as a message or a view, offline (slack-facts 2.1, 2.2 and 3.2).

`check_message` and `check_view` take a payload as it would be sent and return the problems, each
with the JSON pointer of its place, in Slack's words. An empty list is an accepted payload. Where
public sources disagree about a limit, the smaller one counts; block types outside the documented
set are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.slack import element_rules as elements
from bot.sandbox.slack.checks import (
    Check,
    any_text,
    anything,
    boolean,
    both,
    by_type,
    choice,
    fields,
    identifier,
    list_of,
    plain_text,
    problem,
    string,
    url,
)
from bot.sandbox.slack.rich_text_rules import RICH_TEXT, TABLE
from bot.sandbox.slack.whole_rules import MAX_MARKDOWN, check_whole

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_VIEW_BYTES = 250_000
MAX_TEXT = 4000
MAX_ATTACHMENTS = 100

_TEXTUAL: Check = by_type(
    {
        "plain_text": plain_text(3000),
        "mrkdwn": any_text(3000),
        "image": elements.IMAGE,
    }
)


def _block(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    return fields({"type": anything, **required}, {"block_id": identifier, **(optional or {})})


def _one_of(*names: str) -> Check:
    def check(value: dict[str, Any], pointer: str) -> Iterator[str]:
        if not any(value.get(name) for name in names):
            yield problem(pointer, f"must provide one of: {', '.join(names)}")

    return check


_CARD: Check = both(
    _block(
        {},
        {
            "title": any_text(150),
            "subtitle": any_text(150),
            "body": any_text(200),
            "subtext": any_text(200),
            "icon": elements.IMAGE,
            "hero_image": elements.IMAGE,
            "actions": list_of(by_type({"button": elements.BUTTON}), most=3),
        },
    ),
    _one_of("hero_image", "title", "actions", "body"),
)
_EVERYWHERE: dict[str, Check] = {
    "actions": _block({"elements": list_of(elements.IN_ACTIONS, most=25)}),
    "context": _block({"elements": list_of(_TEXTUAL, most=10)}),
    "divider": _block({}),
    "header": _block({"text": plain_text(150)}),
    "image": both(
        _block(
            {"alt_text": string(most=2000)},
            {"image_url": url, "slack_file": elements.SLACK_FILE, "title": plain_text(2000)},
        ),
        _one_of("image_url", "slack_file"),
    ),
    "rich_text": RICH_TEXT,
    "section": both(
        _block(
            {},
            {
                "text": any_text(3000),
                "fields": list_of(any_text(2000), most=10),
                "accessory": elements.IN_SECTION,
                "expand": boolean,
            },
        ),
        _one_of("text", "fields"),
    ),
    "video": _block(
        {
            "alt_text": string(most=2000),
            "title": plain_text(199),
            "thumbnail_url": url,
            "video_url": url,
        },
        {
            "author_name": string(most=49),
            "description": plain_text(200),
            "provider_icon_url": url,
            "provider_name": string(most=100),
            "title_url": url,
        },
    ),
}


def _input(surface: str) -> dict[str, Check]:
    return {
        "input": _block(
            {"label": plain_text(2000), "element": elements.in_input(surface)},
            {"hint": plain_text(2000), "optional": boolean, "dispatch_action": boolean},
        )
    }


_ALERT: Check = _block(
    {"text": any_text(200)}, {"level": choice("default", "info", "warning", "error", "success")}
)
_MARKDOWN: Check = _block({"text": string(most=MAX_MARKDOWN)})
_CARDS: dict[str, Check] = {
    "card": _CARD,
    "carousel": _block({"elements": list_of(by_type({"card": _CARD}), most=10)}),
    "container": _block(
        {"title": any_text(150), "child_blocks": list_of(by_type(_EVERYWHERE), most=10)},
        {"is_collapsible": boolean, "subtitle": any_text(150), "icon": elements.IMAGE},
    ),
}
_BLOCKS: dict[str, Check] = {
    "message": by_type({**_EVERYWHERE, **_CARDS, "markdown": _MARKDOWN, "table": TABLE}),
    "modal": by_type({**_EVERYWHERE, **_input("modal"), "alert": _ALERT}),
    "home": by_type({**_EVERYWHERE, **_input("home"), **_CARDS}),
}
_SHARED_VIEW: dict[str, Check] = {
    "private_metadata": string(most=3000, least=0),
    "callback_id": string(most=255, least=0),
    "external_id": string(most=255, least=0),
}
_VIEWS: dict[str, Check] = {
    "modal": fields(
        {"type": anything, "title": plain_text(24), "blocks": anything},
        {
            **_SHARED_VIEW,
            "close": plain_text(24),
            "submit": plain_text(24),
            "clear_on_close": boolean,
            "notify_on_close": boolean,
            "submit_disabled": boolean,
        },
    ),
    "home": fields({"type": anything, "blocks": anything}, _SHARED_VIEW),
}


def check_blocks(blocks: Any, surface: str, pointer: str = "/blocks") -> list[str]:
    """The problems of a list of blocks on a surface: `message`, `modal` or `home`."""
    shape = list_of(_BLOCKS[surface], least=0, most=MAX_BLOCKS[surface])
    found = list(shape(blocks, pointer))
    if not found:
        found = list(check_whole(blocks, pointer))
    return found


def check_view(view: Any) -> list[str]:
    """The problems of a modal or Home view as given to views.open, push, update or publish."""
    found = list(by_type(_VIEWS)(view, ""))
    if found:
        return found
    found = check_blocks(view["blocks"], view["type"])
    if not found and view["type"] == "modal" and not view.get("submit"):
        found += _needs_submit(view["blocks"])
    if len(json.dumps(view).encode()) > MAX_VIEW_BYTES:
        found.append(problem("", "view_too_large"))
    return found


def _needs_submit(blocks: list[dict[str, Any]]) -> list[str]:
    has_input = any(block["type"] == "input" for block in blocks)
    return [problem("/submit", "missing required field: submit")] if has_input else []


def check_message(payload: Any) -> list[str]:
    """The problems of a message as given to chat.postMessage, chat.update or a response_url.

    Stricter than Slack in one thing: a message needs a `text` (all that a screen reader and a
    notification get) of at most 4000 characters, so that it can be updated later.
    """
    if not isinstance(payload, dict):
        return [problem("", "must provide an object")]
    found = list(_check_text(payload))
    if payload.get("blocks") is not None:
        found += check_blocks(payload["blocks"], "message")
    found += check_attachments(payload.get("attachments"))
    return found


def _check_text(payload: dict[str, Any]) -> Iterator[str]:
    text, markdown = payload.get("text"), payload.get("markdown_text")
    if markdown is not None:
        yield from string(most=MAX_MARKDOWN)(markdown, "/markdown_text")
        if text or payload.get("blocks"):
            yield problem("/markdown_text", "must not come together with text or blocks")
    elif text is None:
        yield problem("", "missing required field: text")
    else:
        yield from string(most=MAX_TEXT)(text, "/text")


def check_attachments(attachments: Any) -> list[str]:
    """The problems of legacy attachments: their number, and the blocks inside them."""
    if attachments is None:
        return []
    found = list(list_of(anything, least=0, most=MAX_ATTACHMENTS)(attachments, "/attachments"))
    if found:
        return found
    for index, attachment in enumerate(attachments):
        pointer = f"/attachments/{index}"
        if not isinstance(attachment, dict):
            found.append(problem(pointer, "must provide an object"))
        elif attachment.get("blocks") is not None:
            found += check_blocks(attachment["blocks"], "message", f"{pointer}/blocks")
    return found
