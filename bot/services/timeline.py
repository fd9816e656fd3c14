"""Writing one entry of a call's story: the log, the thread and the card in one place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.call import Call
from bot.domain.step import Step
from bot.domain.timeline import TOLD, EventName
from bot.domain.voice_event import Source, VoiceEvent
from bot.ports import Event, Transaction


def tell(
    tx: Transaction,
    call_id: int,
    name: EventName,
    *,
    now: datetime,
    source: Source = Source.BOT,
    attempt_id: int | None = None,
    is_quiet: bool = False,
    **detail: Any,
) -> None:
    """Log an event of ours, tell it in the thread (unless quiet) and refresh the card."""
    event_id = tx.add_event(
        Event(
            call_id=call_id,
            source=source,
            event=name,
            created_at=now,
            attempt_id=attempt_id,
            detail={key: value for key, value in detail.items() if value is not None},
        )
    )
    if event_id is not None and name in TOLD and not is_quiet:
        tx.show_reply(call_id, event_id, now=now)
    tx.show_card(call_id, now=now)


def apply_step(
    tx: Transaction,
    call: Call,
    attempt_id: int,
    step: Step,
    *,
    event: VoiceEvent,
    source: Source,
    now: datetime,
) -> bool:
    """Log news from the line and do what it means; False if it had been logged before."""
    event_id = tx.add_event(
        Event(
            call_id=call.id,
            source=source,
            event=step.name,
            created_at=now,
            attempt_id=attempt_id,
            detail={key: value for key, value in step.detail.items() if value is not None},
            payload=event.raw,
            dedupe_key=news_key(attempt_id, event, source=source),
        )
    )
    if event_id is None:
        return False
    if step.call:
        tx.update_call(call.id, **step.call)
    if step.attempt:
        tx.update_attempt(attempt_id, **step.attempt)
    if step.is_told:
        tx.show_reply(call.id, event_id, now=now)
    if step.is_told or step.call:
        tx.show_card(call.id, now=now)
    return True


def news_key(attempt_id: int, event: VoiceEvent, *, source: Source) -> str:
    """What makes two deliveries the same news (fault-catalogue 1, "dedupe on").

    A look-up has no event of its own: asking often must not log the same answer often.
    """
    if source is Source.POLL:
        told = event.digit or event.result or event.word
        return f"{attempt_id}|poll|{event.kind}|{told}"
    at = event.at.isoformat() if event.at else ""
    return (
        f"{attempt_id}|{event.kind}|{event.word}|{event.voice_call_id or ''}|{at}"
        f"|{event.digit or ''}"
    )
