"""The promise, checked from outside (fault-catalogue 6.5): what people, phones and files say.

Numbers of the catalogue stand in the violations. Nothing of the bot is asked or imported: the
voice service says what rang, Slack what was shown, the database what the bot believes.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from typing_extensions import override

from bot.sandbox.slack.messages import Message
from bot.sandbox.slack.people import BOT_USER_ID
from bot.sandbox.voice_api.errors import ApiError
from tests.chaos.stage import KEY, WORDS, Stage

SHOWN = {
    "answered": "was answered",
    "busy": "found the line busy",
    "unknown": "nobody could tell us how",
    "refused": "was refused",
    "expired": "its time had passed",
    "unconfirmed": "Not sure the call to",
}
"""What the card must say: the result of an ended call, or that we are not sure."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a campaign came to."""

    calls: int
    kills: int
    twice: int
    lost: int
    held: int
    held_but_placed: int
    posts: int

    @override
    def __str__(self) -> str:
        """One line for the log of a campaign."""
        return ", ".join(f"{name} {value}" for name, value in vars(self).items())


def figures(stage: Stage) -> Figures:
    """Count, from the truth."""
    rang = Counter(stage.accepted())
    rows = {row["phone_number"]: row for row in stage.rows("select * from call_log")}
    held = [number for number, row in rows.items() if row["state"] == "unconfirmed"]
    return Figures(
        calls=len(rows),
        kills=stage.kills,
        twice=sum(rang[one.number] > 1 + one.retries for one in stage.asked),
        lost=sum(one.is_acknowledged and one.number not in rows for one in stage.asked),
        held=len(held),
        held_but_placed=sum(number in rang for number in held),
        posts=len(stage.line.posts),
    )


def violations(stage: Stage) -> list[str]:
    """Everything that breaks the promise; empty if it is kept."""
    calls = stage.rows("select * from call_log")
    return [
        *_dialled_once(stage),
        *_nothing_lost(stage, calls),
        *_true_states(stage, calls),
        *_cards(stage, calls),
        *_sound_file(stage),
        *_silent_log(stage),
    ]


def _dialled_once(stage: Stage) -> Iterator[str]:
    tokens = Counter(body["callback_url"] for body in stage.posted())
    if any(count > 1 for count in tokens.values()):
        yield "N1 a token was used in more than one POST"
    rang = Counter(stage.accepted())
    for one in stage.asked:
        if rang[one.number] > 1 + one.retries:
            yield f"N2 {one.number} rang {rang[one.number]} times"


def _nothing_lost(stage: Stage, calls: list[dict[str, Any]]) -> Iterator[str]:
    rows = Counter(call["phone_number"] for call in calls)
    for one in stage.asked:
        if one.is_acknowledged and not rows[one.number]:
            yield f"N3 the acknowledged call to {one.number} is not there"
        if rows[one.number] > 1:
            yield f"N3 one command made {rows[one.number]} calls to {one.number}"
    if not stage.is_settled():
        yield "N10 something is stuck"
    if stage.count("select count(*) from outbox where state = 'dead'"):
        yield "N11 a message was given up"


def _true_states(stage: Stage, calls: list[dict[str, Any]]) -> Iterator[str]:
    rang = set(stage.accepted())
    for call in calls:
        number, state, result = call["phone_number"], call["state"], call["result"]
        newest = _newest_attempt(stage, call["id"])
        if result in {"answered", "busy"} and _truth(stage, call["voice_call_id"]) != result:
            yield f"N6 {number} is said to be {result}, which is not what happened"
        if number in rang and result in {"expired", "refused", "cancelled"}:
            yield f"N6 {number} rang, yet is said to be {result}"
        if state == "unconfirmed" and (newest["state"] != "unknown" or not newest["sent_at"]):
            yield f"N6 {number} is unconfirmed, yet surely nothing was sent"


def _newest_attempt(stage: Stage, call_id: int) -> dict[str, Any]:
    attempts = stage.rows(
        f"select * from attempt_log where call_id = {call_id} order by id desc limit 1"  # noqa: S608 - an id of ours
    )
    return attempts[0] if attempts else {"state": "none", "sent_at": None}


def _truth(stage: Stage, voice_call_id: str | None) -> str | None:
    """How the voice service says that this call ended."""
    try:
        found = stage.voice.service.get(voice_call_id or "")
    except ApiError:
        return None
    return found.result.value if found.result else None


def _cards(stage: Stage, calls: list[dict[str, Any]]) -> Iterator[str]:
    messages = [m for m in stage.workspace.messages if m.user_id == BOT_USER_ID and not m.only_for]
    keys = Counter(_key(message) for message in messages)
    if any(count > 1 for count in keys.values()):
        yield "N7 a message was posted twice"
    roots = {(m.channel_id, m.ts): m for m in messages if not m.is_reply}
    if len(roots) != len(calls):
        yield f"N7 {len(calls)} calls have {len(roots)} cards"
    for call in calls:
        card = roots.get((call["channel"], call["thread_ts"]))
        words = SHOWN.get(call["result"] or call["state"], "a state no card should be left in")
        if card is None or words not in card.text or call["phone_number"][-4:] not in card.text:
            yield f"N4 the card of {call['phone_number']} does not say {words!r}"
    yield from _said_twice(messages, {(c["channel"], c["thread_ts"]): c for c in calls})


def _said_twice(messages: list[Message], calls: dict[Any, dict[str, Any]]) -> Iterator[str]:
    """One attempt has one end, so no sentence of its thread comes twice."""
    said = Counter((m.channel_id, m.thread_ts, m.text) for m in messages if m.is_reply)
    for (channel, thread_ts, text), count in said.items():
        call = calls.get((channel, thread_ts))
        if call and count > 1 and call["attempts"] <= 1 and "Put back" not in text:
            yield f"N7 the thread of {call['phone_number']} says {count} times: {text}"


def _key(message: Message) -> str:
    payload = (message.metadata or {}).get("event_payload") or {}
    return str(payload.get("key") or f"no key {message.ts}")


def _sound_file(stage: Stage) -> Iterator[str]:
    with closing(sqlite3.connect(stage.database)) as connection:
        (said,) = connection.execute("pragma integrity_check").fetchone()
    if said != "ok":
        yield f"N9 {said}"


def _silent_log(stage: Stage) -> Iterator[str]:
    log = stage.log.read_text(encoding="utf-8", errors="replace")
    tokens = {body["callback_url"].rpartition("/")[2] for body in stage.posted()}
    canaries = {
        *(one.number for one in stage.asked),
        *(one.number[1:] for one in stage.asked),
        *tokens,
        stage.slack.bot_token,
        stage.slack.app_token,
        KEY,
        WORDS,
        json.dumps(WORDS)[1:-1],
    }
    if found := sorted(canary for canary in canaries if canary in log):
        yield f"N12 {len(found)} secrets in the log, such as {found[0][:8]}..."
    if "Traceback" in log or "task.failed" in log or "slack.outbox_stuck" in log:
        yield "N12 the bot complained of a mistake of its own"
