"""What one person is told at once: asked for, asked before, wrong, not allowed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.call import Call
from bot.domain.phone_number import masked
from bot.domain.when import in_words
from bot.slack import ids
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bullets,
    button,
    code,
    line,
    rich_text,
    sentence,
)
from bot.slack.pieces import Bold, Channel, Pieces, joined, to_mrkdwn
from bot.slack.text import MAX_TEXT, cut, seconds
from bot.slack.words import headline

INVITE_HINT = (
    "I am not in this channel, so the card is in our direct messages. To see calls here: "
    "/invite @Robocall"
)
ARCHIVED_HINT = "That channel is archived, so the card is in our direct messages."
HELLO = (
    "I ring people for you: /robocall opens a form, and /robocall help shows what else I can do."
    " Commands work in any channel, and here."
)
NOT_SAVED = "Nothing was started: I cannot save anything right now. Please try again in a minute."


def asked_now(call: Call) -> Message:
    """The call is stored and is dialled next."""
    return sentence([f"Calling {masked(call.request.phone_number)} now", *_where(call)])


def asked_later(call: Call, *, zone: ZoneInfo, now: datetime) -> Message:
    """The call is stored for its time, which is echoed in words with the zone."""
    when = in_words(call.request.due_at or call.due_at, zone, now)
    number = masked(call.request.phone_number)
    return sentence([f"I will call {number} {when}", *_where(call)])


def _where(call: Call) -> Pieces:
    """Where to watch the call, and how to stop it."""
    channel = call.request.channel
    place: Pieces = [Channel(channel)] if channel[:1] in {"C", "G"} else ["our direct messages"]
    return [
        f" (call {call.id}). You can watch it in ",
        *place,
        f"; /robocall cancel {call.id} stops it.",
    ]


def asked_before(call: Call, ago_seconds: int) -> Message:
    """The same was asked a moment ago: nothing new was started, but it may be meant."""
    number = masked(call.request.phone_number)
    words = (
        f"You asked for this call {seconds(ago_seconds)} ago, so I have not called again. "
        f"That was call {call.id}."
    )
    anyway = button(
        "Call anyway",
        action_id=ids.CALL_TWIN,
        value=ids.button_value(call),
        spoken=f"Call {number} once more with the same message",
    )
    return Message(text=words, blocks=(rich_text(line([words])), actions(anyway)))


def problems(found: Mapping[str, str], *, typed: str = "") -> Message:
    """What is wrong with a request, field by field (`InvalidRequest.problems`).

    `typed` is the line that was sent: Slack has cleared it from the composer, so it is given
    back to be mended.
    """
    items: list[Pieces] = [[Bold(f"{name}: "), text] for name, text in found.items()]
    title: Pieces = ["Nothing was dialled. Please put this right:"]
    text = to_mrkdwn([*title, "\n", *joined(items), *_you_typed(typed)])
    return Message(text=text, blocks=(rich_text(line(title), bullets(items), *_given_back(typed)),))


def mistake(text: str, *, typed: str = "") -> Message:
    """A line that means nothing: how to write it, and the line to be mended."""
    words = to_mrkdwn([text, *_you_typed(typed)])
    return Message(text=words, blocks=(rich_text(line([text]), *_given_back(typed)),))


def _you_typed(typed: str) -> Pieces:
    return [f"\nYou typed: {cut(typed, MAX_TEXT)}"] if typed else []


def _given_back(typed: str) -> list[Block]:
    if not typed:
        return []
    return [line(["\nYou typed:"]), code(cut(typed, MAX_TEXT))]


def note(text: str) -> Message:
    """A plain answer in our own words or somebody else's: inert in either case."""
    return sentence([text])


def refreshed(call: Call, *, now: datetime) -> Message:
    """Somebody pressed a button that no longer means anything: how the call stands now."""
    return sentence([f"Already settled. {headline(call, now=now)}."])


def form_expired() -> Message:
    """Slack lets a form open for three seconds only: a button opens it again."""
    words = "Slack took too long to open the form. Press the button to open it."
    again = button("Open the form", action_id=ids.OPEN_FORM, spoken="Open the call form")
    return Message(text=words, blocks=(rich_text(line([words])), actions(again)))
