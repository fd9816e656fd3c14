"""What happened on the line comes in: match it to its attempt, apply it once, remember it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.call import Attempt, Call
from bot.domain.deployment import Deployment
from bot.domain.errors import InvalidTransition
from bot.domain.line_news import events_of_status, expand, news_step
from bot.domain.step import News, Step
from bot.domain.timeline import EventName
from bot.domain.voice_event import CallStatus, Source, VoiceEvent
from bot.ports import Clock, Event, Store, Transaction
from bot.services.timeline import apply_step, news_key


@dataclass(kw_only=True, slots=True)
class _Effect:
    """What has to follow once the news is saved."""

    is_known: bool = True  # the news is about an attempt we still have
    frees_a_line: bool = False
    names_unwanted: bool = False  # a call that somebody wants stopped has an id at last
    second: tuple[int, str] | None = None


class RecordEvent:
    """Applies news from webhooks and look-ups; any order, any number of times, one effect."""

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        deployment: Deployment,
        line_freed: Callable[[], None],
        messages_waiting: Callable[[], None],
        cancel_pending: Callable[[], None],
        cancel_second: Callable[[int, str], None],
    ) -> None:
        """`line_freed`: a waiting call may be dialled now. `cancel_pending`: a call that should
        be stopped can be. `cancel_second(call_id, voice_call_id)`: a second call for the same
        attempt was seen and should be stopped."""
        self._store = store
        self._clock = clock
        self._deployment = deployment
        self._line_freed = line_freed
        self._messages_waiting = messages_waiting
        self._cancel_pending = cancel_pending
        self._cancel_second = cancel_second

    async def record(self, token: bytes, event: VoiceEvent) -> bool:
        """Store and apply one webhook; False if the attempt is long forgotten.

        When this returns it is durable. Raises StoreUnavailable.
        """
        now = self._clock.now()

        def work(tx: Transaction) -> _Effect:
            # a token of one attempt is found whatever number the body claims: a wrong one
            # is then kept as a mismatch; a chunk's token needs the right one
            attempt = tx.attempt_by_token(token, phone_number=event.phone_number)
            attempt = attempt or tx.attempt_by_token(token)
            if attempt is None:
                return _Effect(is_known=False)
            return self._take(tx, attempt, [event], source=Source.WEBHOOK, now=now)

        effect = await self._store.write(work)
        self._pass_on(effect)
        return effect.is_known

    async def record_status(self, attempt_id: int, status: CallStatus) -> None:
        """Apply what a look-up said, as the events that must have happened."""
        now = self._clock.now()

        def work(tx: Transaction) -> _Effect:
            attempt = tx.attempt(attempt_id)
            if attempt is None:
                return _Effect(is_known=False)
            return self._take(tx, attempt, events_of_status(status), source=Source.POLL, now=now)

        self._pass_on(await self._store.write(work))

    def _pass_on(self, effect: _Effect) -> None:
        self._messages_waiting()
        if effect.frees_a_line:
            self._line_freed()
        if effect.names_unwanted:
            self._cancel_pending()
        if effect.second:
            self._cancel_second(*effect.second)

    def _take(
        self,
        tx: Transaction,
        attempt: Attempt,
        events: list[VoiceEvent],
        *,
        source: Source,
        now: datetime,
    ) -> _Effect:
        effect, is_first = _Effect(), True
        for told in events:
            for event in expand(told, attempt):
                if not is_first:  # what the news before it changed
                    attempt = tx.attempt(attempt.id) or attempt
                is_first = False
                call = tx.call(attempt.call_id)
                if call is None or not _is_about(attempt, event):
                    _ignore(tx, attempt, event, source=source, now=now)
                    continue
                if _is_second_call(attempt, event):
                    effect.second = _rang_twice(tx, call, attempt, event, now=now)
                    return effect
                self._apply(tx, call, attempt, event, effect=effect, source=source, now=now)
        return effect

    def _apply(
        self,
        tx: Transaction,
        call: Call,
        attempt: Attempt,
        event: VoiceEvent,
        *,
        effect: _Effect,
        source: Source,
        now: datetime,
    ) -> None:
        news = News(
            call=call,
            attempt=attempt,
            event=event,
            now=now,
            deployment=self._deployment,
            is_look_up=source is Source.POLL,
        )
        try:
            step = news_step(news)
        except InvalidTransition as impossible:
            step = Step(name=EventName.OTHER, detail={"word": str(impossible)})
        if not apply_step(tx, call, attempt.id, step, event=event, source=source, now=now):
            return
        effect.frees_a_line |= step.frees_a_line
        effect.names_unwanted |= step.name is EventName.RINGS_AGAIN and call.is_cancelling
        if event.voice_call_id and attempt.voice_call_id is None:
            tx.update_attempt(attempt.id, voice_call_id=event.voice_call_id)
            if attempt.id == call.attempt_id:
                tx.update_call(call.id, voice_call_id=event.voice_call_id)
                effect.names_unwanted |= call.is_cancelling


def _is_about(attempt: Attempt, event: VoiceEvent) -> bool:
    return event.phone_number is None or event.phone_number == attempt.phone_number


def _is_second_call(attempt: Attempt, event: VoiceEvent) -> bool:
    both = event.voice_call_id is not None and attempt.voice_call_id is not None
    return both and event.voice_call_id != attempt.voice_call_id


def _ignore(
    tx: Transaction, attempt: Attempt, event: VoiceEvent, *, source: Source, now: datetime
) -> None:
    tx.add_event(
        Event(
            call_id=attempt.call_id,
            source=source,
            event=EventName.MISMATCH,
            created_at=now,
            attempt_id=attempt.id,
            detail={"why": "another phone number"},
            payload=event.raw,
            dedupe_key=f"mismatch|{news_key(attempt.id, event, source=source)}",
        )
    )


def _rang_twice(
    tx: Transaction, call: Call, attempt: Attempt, event: VoiceEvent, *, now: datetime
) -> tuple[int, str] | None:
    """One token with two call ids proves that somebody dialled twice (catalogue 3.4)."""
    second_id = event.voice_call_id or ""
    event_id = tx.add_event(
        Event(
            call_id=call.id,
            source=Source.WEBHOOK,
            event=EventName.RANG_TWICE,
            created_at=now,
            attempt_id=attempt.id,
            detail={"first_id": attempt.voice_call_id, "second_id": second_id},
            payload=event.raw,
            dedupe_key=f"{attempt.id}|twice|{second_id}",
        )
    )
    if event_id is None:
        return None
    tx.show_reply(call.id, event_id, now=now)
    tx.show_card(call.id, now=now)
    return call.id, second_id
