"""The details of a call, for one person's eyes: the timeline, the attempts and the raw ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.domain.call import Attempt, Call
from bot.domain.phone_number import masked
from bot.ports import Event
from bot.slack.blocks import Block, Message, bullets, header, line, rich_text
from bot.slack.card import facts, script
from bot.slack.pieces import At, Bold, Pieces, joined, to_mrkdwn
from bot.slack.replies import event_words
from bot.slack.text import DATE_WITH_SECONDS, MAX_TEXT, count
from bot.slack.words import headline, key_words, result_with_seconds

MAX_ENTRIES = 30
"""Slack shows long messages badly: of a longer timeline the newest entries are shown."""


def call_details(
    call: Call,
    *,
    events: Sequence[Event],
    attempts: Sequence[Attempt],
    may_see_number: bool,
    now: datetime,
) -> Message:
    """Everything we know of a call; the full number only for the requester and admins."""
    number = call.request.phone_number
    shown = number if may_see_number else masked(number)
    about: list[Pieces] = [[Bold("Number: "), shown], facts(call), *_request_lines(call)]
    voice_id = call.voice_call_id or "none yet"
    about.append([Bold("Ids: "), f"call {call.id}, at the voice service {voice_id}"])
    message: Pieces = ["\n", Bold("Message:"), "\n", *script(call.request, MAX_TEXT)]
    blocks = [
        header(headline(call, now=now)),
        rich_text(line(joined(about)), line(message)),
        *_attempt_blocks(attempts),
        *_timeline(call, events),
    ]
    text = to_mrkdwn([f"Details of call {call.id}. {headline(call, now=now)}."])
    return Message(text=text, blocks=tuple(blocks))


def _request_lines(call: Call) -> list[Pieces]:
    request = call.request
    keys = ", ".join(key_words(request, key.digit) for key in request.keys)
    told = {
        "Voice: ": request.voice,
        "Language: ": request.language,
        "Caller id: ": request.caller_id,
        "Keys: ": keys,
        "Retries: ": _retry_words(call),
    }
    return [[Bold(label), words] for label, words in told.items() if words]


def _retry_words(call: Call) -> str:
    request = call.request
    if not request.retries:
        return ""
    minutes = int(request.retry_delay.total_seconds() // 60)
    pause = f"after {count(minutes, 'minute')}" if minutes else "at once"
    results = ", ".join(sorted(result.replace("_", " ") for result in request.retry_on))
    return f"up to {request.retries}, {pause}, on {results}"


def _attempt_blocks(attempts: Sequence[Attempt]) -> list[Block]:
    if not attempts:
        return []
    newest = attempts[-MAX_ENTRIES:]
    return [rich_text(line([Bold("Attempts")]), bullets(_attempt(each) for each in newest))]


def _attempt(attempt: Attempt) -> Pieces:
    words: Pieces = [f"{attempt.attempt_no}: {attempt.state}, ", At(attempt.claimed_at)]
    if attempt.result:
        words.append(f", {result_with_seconds(attempt.result, attempt.duration)}")
    if attempt.digits:
        words.append(f", pressed {attempt.digits}")
    if attempt.voice_call_id:
        words.append(f", id {attempt.voice_call_id}")
    if attempt.detail:
        words.append(f" ({attempt.detail})")
    return words


def _timeline(call: Call, events: Sequence[Event]) -> list[Block]:
    if not events:
        return []
    left_out = len(events) - MAX_ENTRIES
    title = f"Timeline (the newest {MAX_ENTRIES} of {len(events)})" if left_out > 0 else "Timeline"
    entries = [_entry(call, event) for event in events[-MAX_ENTRIES:]]
    return [rich_text(line([Bold(title)]), bullets(entries))]


def _entry(call: Call, event: Event) -> Pieces:
    when = At(event.created_at, DATE_WITH_SECONDS)
    return [when, f" ({event.source}) ", *event_words(call, event)]
