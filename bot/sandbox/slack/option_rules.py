"""The rules of composition objects: confirm dialogs and options (slack-facts 2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.checks import (
    Check,
    any_text,
    choice,
    fields,
    list_of,
    plain_text,
    string,
    url,
)

MAX_OPTIONS = 100

CONFIRM: Check = fields(
    {
        "title": plain_text(100),
        "text": any_text(300),
        "confirm": plain_text(30),
        "deny": plain_text(30),
    },
    {"style": choice("primary", "danger")},
)


def _option(text: Check, extra: Mapping[str, Check] | None = None) -> Check:
    return fields(
        {"text": text, "value": string(most=150)}, {"description": any_text(75), **(extra or {})}
    )


PLAIN_OPTION = _option(plain_text(75))
RICH_OPTION = _option(any_text(75))
OVERFLOW_OPTION = _option(plain_text(75), {"url": url})
OPTION_GROUP: Check = fields(
    {"label": plain_text(75), "options": list_of(PLAIN_OPTION, most=MAX_OPTIONS)}
)


def flat_options(element: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All options of a select, checkboxes, radio or overflow element, the grouped ones included."""
    groups = element.get("option_groups") or []
    grouped = [option for group in groups for option in group["options"]]
    return [*(element.get("options") or []), *grouped]
