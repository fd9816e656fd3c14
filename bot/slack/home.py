"""The Home page: what this is, the main button, and one's own calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.call import Call
from bot.slack import ids
from bot.slack.blocks import Block, actions, bullets, button, divider, header, line, rich_text
from bot.slack.help import PROMISE
from bot.slack.listing import list_entry
from bot.slack.pieces import Bold

MAX_CALLS = 10

_WHAT = (
    "I ring people for you, speak a text or play a recording, and show everything that happens on"
    " the line in one thread."
)
_HOW = "In any channel: /robocall opens the form, /robocall help shows all commands."


def home_view(*, next_calls: Sequence[Call], last_calls: Sequence[Call], now: datetime) -> Block:
    """The view for views.publish: `next_calls` wait or are under way, `last_calls` have ended."""
    call_someone = button(
        "Call someone", action_id=ids.OPEN_FORM, style="primary", spoken="Open the call form"
    )
    blocks = [
        header("Robocall"),
        rich_text(line([_WHAT])),
        actions(call_someone),
        rich_text(line([_HOW])),
        divider(),
        _calls("Your next calls", next_calls, empty="Nothing is waiting.", now=now),
        _calls("Your last calls", last_calls, empty="You have not called anybody yet.", now=now),
        divider(),
        rich_text(line([Bold("The promise: "), PROMISE])),
    ]
    return {"type": "home", "blocks": blocks}


def _calls(title: str, calls: Sequence[Call], *, empty: str, now: datetime) -> Block:
    if not calls:
        return rich_text(line([Bold(title), f"\n{empty}"]))
    shown = [list_entry(call, shows_requester=False, now=now) for call in calls[:MAX_CALLS]]
    return rich_text(line([Bold(title)]), bullets(shown))
