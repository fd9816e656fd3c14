"""mrkdwn as a person reads it: names, links, dates and entities resolved, marks taken off."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import datetime

from bot.sandbox.slack.dates import show_date
from bot.sandbox.slack.people import Person
from bot.sandbox.slack.workspace import Workspace

_REFERENCE = re.compile(r"<([^<>]+)>")
_DATE = re.compile(r"!date\^(\d+)\^([^|^]+)(?:\^[^|]*)?(?:\|(.*))?", re.DOTALL)
_MARKS = tuple(
    re.compile(rf"(?<![\w{sign}]){sign}(?=\S)([^{sign}\n]*?\S){sign}(?![\w{sign}])")
    for sign in (r"\*", "_", "~")
)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)


def read_mrkdwn(text: str, workspace: Workspace, reader: Person) -> str:
    """What that reader sees, as plain text."""
    now = workspace.clock.now()
    parts = _CODE.split(text)
    # Every second part is code, in which marks are letters.
    read = [
        part.strip("`").strip("\n") if index % 2 else _without_marks(part)
        for index, part in enumerate(parts)
    ]
    resolved = _REFERENCE.sub(_resolver(workspace, reader, now), "".join(read))
    return html.unescape(resolved)


def _without_marks(text: str) -> str:
    for mark in _MARKS:
        text = mark.sub(r"\1", text)
    return text


def name_of(workspace: Workspace, user_id: str) -> str:
    """How a person is called in messages; the id when nobody has it."""
    person = workspace.people.get(user_id)
    return person.real_name if person else user_id


def _resolver(
    workspace: Workspace, reader: Person, now: datetime
) -> Callable[[re.Match[str]], str]:
    def resolve(found: re.Match[str]) -> str:
        target, _, label = found[1].partition("|")
        date = _DATE.fullmatch(found[1])
        if date:
            return show_date(int(date[1]), date[2], reader, now)
        if target.startswith("@"):
            return f"@{name_of(workspace, target[1:])}"
        if target.startswith("#"):
            channel = workspace.channels.get(target[1:])
            return f"#{channel.name if channel else label or target[1:]}"
        if target.startswith("!"):
            return label or f"@{target[1:]}"
        return label or target

    return resolve
