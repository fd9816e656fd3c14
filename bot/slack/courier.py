"""One outbox item, from its row to Slack: mark, render, look if in doubt, write, save.

The order is fault-catalogue 3.2 step 9: `sending` is committed before anything leaves, so an
item found in that state later may be in Slack already. It is looked for before it is posted
again; an edit is just repeated. Cards and replies are drawn from the rows when they are sent.
Where looking is impossible it is posted again: a direct message (a person's own channel is not
known by their id), and channels whose history we may not read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.call import Call, ThreadRef
from bot.ports import Clock, Event, OutboxItem, Store, Transaction
from bot.slack.answers import ARCHIVED_HINT, INVITE_HINT, note
from bot.slack.blocks import Message
from bot.slack.card import call_card
from bot.slack.post_office import PostOffice
from bot.slack.replies import event_reply
from bot.slack.troubles import Kind, SlackTrouble

PACE = timedelta(seconds=1.1)
"""Between two posts in a channel (slack-facts 4)."""

_ELSEWHERE = {Kind.NO_MESSAGE, Kind.NO_CHANNEL}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Placed:
    """A card that stands somewhere; `hint` tells the requester why it is not where asked."""

    place: ThreadRef
    hint: str = ""


class Courier:
    """Carries one item at a time; the caller sees to order, pace and failures."""

    def __init__(
        self, *, store: Store, clock: Clock, post_office: PostOffice, installation: str
    ) -> None:
        """`installation` makes our keys unlike those of every other installation."""
        self._store = store
        self._clock = clock
        self._post_office = post_office
        self._installation = installation

    async def carry(self, item: OutboxItem) -> None:
        """Send it. Raises SlackTrouble, StoreUnavailable."""
        call, event = await self._store.write(lambda tx: _take(tx, item))
        in_doubt = item.state == "sending"
        if item.kind == "notice":
            await self._notice(item)
        elif item.kind == "direct":
            await self._post_office.post(item.channel, note(item.text), key=self._item_key(item))
        elif call is None:
            raise SlackTrouble(Kind.HOPELESS, "the call is gone")
        elif item.kind == "card":
            await self._card(item, call, in_doubt=in_doubt)
            return
        elif event is None:
            raise SlackTrouble(Kind.HOPELESS, "the event is gone")
        elif not await self._reply(item, call, event, in_doubt=in_doubt):
            return
        await self._store.write(lambda tx: tx.update_outbox(item.id, state="sent"))

    async def _notice(self, item: OutboxItem) -> None:
        """Through the response_url; once that is spent (S17), as a direct message."""
        message = Message.unpacked(item.text)
        if item.response_url:
            await self._post_office.respond(item.response_url, message)
        else:
            await self._post_office.post(item.channel, message, key=self._item_key(item))

    # --- cards -----------------------------------------------------------------------

    async def _card(self, item: OutboxItem, call: Call, *, in_doubt: bool) -> None:
        placed = await self._placed(item, call, in_doubt=in_doubt)
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            _save_card(tx, item, call, placed=placed, now=now)
            tx.update_outbox(item.id, state="sent")

        await self._store.write(work)

    async def _placed(self, item: OutboxItem, call: Call, *, in_doubt: bool) -> _Placed:
        """The card, edited where it stands, or posted."""
        place = call.card
        if place is None and in_doubt:
            place = await self._find_card(item, call)
        if place is not None:
            try:
                await self._post_office.edit(place, self._drawn(call), key=self._card_key(call))
            except SlackTrouble as trouble:
                if trouble.kind not in _ELSEWHERE:
                    raise
            else:
                return _Placed(place=place)
        return await self._post_card(item, call)

    async def _post_card(self, item: OutboxItem, call: Call) -> _Placed:
        """A new card, in the channel or, where we cannot write, with the requester (S12)."""
        person = call.request.requested_by
        channel = item.channel or person
        card, key = self._drawn(call), self._card_key(call)
        try:
            return _Placed(place=await self._post_office.post(channel, card, key=key))
        except SlackTrouble as trouble:
            if trouble.kind is not Kind.NO_CHANNEL or channel == person:
                raise
            hint = ARCHIVED_HINT if trouble.error == "is_archived" else INVITE_HINT
        return _Placed(place=await self._post_office.post(person, card, key=key), hint=hint)

    async def _find_card(self, item: OutboxItem, call: Call) -> ThreadRef | None:
        return await self._post_office.find(
            item.channel, key=self._card_key(call), since=call.created_at
        )

    def _drawn(self, call: Call) -> Message:
        return call_card(call, now=self._clock.now())

    # --- replies ---------------------------------------------------------------------

    async def _reply(self, item: OutboxItem, call: Call, event: Event, *, in_doubt: bool) -> bool:
        """Post into the card's thread; False if the card had to be made first."""
        key = self._item_key(item)
        if call.card is None:
            await self._new_card_first(item, call, in_doubt=in_doubt)
            return False
        if in_doubt and await self._find_reply(call.card, key, event):
            return True
        try:
            await self._post_office.post(
                call.card.channel, event_reply(call, event), key=key, thread_ts=call.card.ts
            )
        except SlackTrouble as trouble:
            if trouble.kind not in _ELSEWHERE:
                raise
            await self._new_card_first(item, call, in_doubt=False)
            return False
        return True

    async def _find_reply(self, card: ThreadRef, key: str, event: Event) -> bool:
        found = await self._post_office.find(
            card.channel, key=key, since=event.created_at, thread_ts=card.ts
        )
        return found is not None

    async def _new_card_first(self, item: OutboxItem, call: Call, *, in_doubt: bool) -> None:
        """The card is gone, or was never taken: a thread needs one (S11). The reply follows."""
        gone = replace(call, card=None)
        placed = await self._placed(item, gone, in_doubt=in_doubt)

        now = self._clock.now()

        def work(tx: Transaction) -> None:
            _save_card(tx, item, call, placed=placed, now=now)
            tx.update_outbox(item.id, state="pending", not_before=now + PACE)

        await self._store.write(work)

    def _card_key(self, call: Call) -> str:
        return f"{self._installation}-card-{call.id}"

    def _item_key(self, item: OutboxItem) -> str:
        return f"{self._installation}-outbox-{item.id}"


def _take(tx: Transaction, item: OutboxItem) -> tuple[Call | None, Event | None]:
    """Mark it and read what it tells; from now on a change of the call is a new card row."""
    tx.update_outbox(item.id, state="sending")
    call = tx.call(item.call_id) if item.call_id is not None else None
    event = tx.event(item.event_id) if item.event_id is not None else None
    return call, event


def _save_card(
    tx: Transaction, item: OutboxItem, call: Call, *, placed: _Placed, now: datetime
) -> None:
    """Remember where the card is; all that the call still has to say goes there too."""
    if placed.place != call.card:
        tx.update_call(call.id, card=placed.place)
    if placed.place.channel != item.channel:
        tx.update_outbox(item.id, channel=placed.place.channel)
    url = tx.response_url(call.id) if placed.hint else ""
    if url:
        hint, person = note(placed.hint).packed(), call.request.requested_by
        tx.add_notice(response_url=url, user_id=person, text=hint, now=now)
