"""The call form read back: a view that Slack sends becomes a `CallDraft` (design.md 3.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from bot.domain.draft import CallDraft

_SAY: dict[str, Literal["text", "audio"]] = {"text": "text", "audio": "audio"}


def draft_from_view(view: Mapping[str, Any]) -> CallDraft:
    """What stands in the form's fields, raw; a field that is not on screen counts as empty.

    Message and recording are both kept, whichever is chosen: the choice is in `say`, and what
    was typed must be there when the person chooses again.
    """
    blocks: Mapping[str, Mapping[str, Any]] = view.get("state", {}).get("values", {})
    inputs = {name: block.get("value") or {} for name, block in blocks.items()}
    variables, bad_variables = split_variables(_text(inputs.get("variables")))
    return CallDraft(
        to=_text(inputs.get("to")),
        say=_SAY.get(_text(inputs.get("say")), ""),
        message=_text(inputs.get("message")),
        audio_url=_text(inputs.get("audio_url")),
        variables=variables,
        bad_variables=bad_variables,
        voice=_text(inputs.get("voice")),
        language=_text(inputs.get("language")),
        caller_id=_text(inputs.get("caller_id")),
        when=_moment(inputs.get("when")),
        retries=_text(inputs.get("retries")),
        retry_delay=_text(inputs.get("retry_delay")),
        retry_on=_choices(inputs.get("retry_on")),
        keypad=tuple(line for line in _text(inputs.get("keypad")).splitlines() if line.strip()),
        goal=_text(inputs.get("goal")),
        post=_text(inputs.get("post")),
    )


def split_variables(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Lines `name=value`, and the lines that are none or name a variable again."""
    variables: dict[str, str] = {}
    bad: list[str] = []
    for line in text.splitlines():
        found = re.fullmatch(r"\s*(\S+?)\s*=\s*(.*?)\s*", line)
        if found and found[1] not in variables:
            variables[found[1]] = found[2]
        elif line.strip():
            bad.append(line.strip())
    return variables, tuple(bad)


def _text(element: Mapping[str, Any] | None) -> str:
    """What an input holds: typed text, the chosen option, or the chosen conversation."""
    found = element or {}
    option = found.get("selected_option") or {}
    return str(
        found.get("value") or option.get("value") or found.get("selected_conversation") or ""
    )


def _moment(element: Mapping[str, Any] | None) -> datetime | None:
    picked = (element or {}).get("selected_date_time")
    return None if picked is None else datetime.fromtimestamp(int(picked), UTC)


def _choices(element: Mapping[str, Any] | None) -> tuple[str, ...] | None:
    """The ticked boxes; None where there are none to tick."""
    if not element:
        return None
    return tuple(str(option["value"]) for option in element.get("selected_options") or ())
