"""Lists of calls: `/robocall list`, page by page, and the lists on the Home page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.call import Call
from bot.slack import ids
from bot.slack.blocks import Message, actions, bullets, button, line, rich_text, sentence
from bot.slack.pieces import At, Bold, Pieces, User
from bot.slack.text import count
from bot.slack.words import headline

_KINDS = {
    "": "calls",
    "scheduled": "waiting calls",
    "active": "calls under way",
    "done": "ended calls",
}


def call_list(
    calls: Sequence[Call],
    *,
    which: str,
    is_everybody: bool,
    older_before: int | None,
    now: datetime,
) -> Message:
    """One page of calls, newest first.

    `which` is the word after `list` (`scheduled`, `active`, `done` or nothing), `is_everybody`
    whether these are all people's calls, `older_before` the call id before which the next page
    goes on (None: this is the last).
    """
    kind = _KINDS.get(which, "calls")
    if not calls:
        return sentence([f"There are no {kind}. /robocall opens the form to make one."])
    whose = "All" if is_everybody else "Your"
    title = f"{whose} {kind}, newest first"
    items = [list_entry(call, shows_requester=is_everybody, now=now) for call in calls]
    blocks = [rich_text(line([Bold(title)]), bullets(items))]
    if older_before is not None:
        older = button(
            "Older calls",
            action_id=ids.LIST_OLDER,
            value=ids.older_value(which, older_before),
            spoken=f"Show {kind} before call {older_before}",
        )
        blocks.append(actions(older))
    return Message(text=f"{title}: {count(len(calls), 'call')} on this page.", blocks=tuple(blocks))


def list_entry(call: Call, *, shows_requester: bool, now: datetime) -> Pieces:
    """A call in one line: its id, where it stands, when, and for whom."""
    words: Pieces = [Bold(f"{call.id}"), f"  {headline(call, now=now)}, "]
    words.append(At(call.ended_at or call.due_at))
    if shows_requester:
        words += [", asked for by ", User(call.request.requested_by)]
    return words
