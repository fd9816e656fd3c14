"""One outbox item, from its row to Slack: mark, render, look if in doubt, write, save.

The order is fault-catalogue 3.2 step 9: `sending` is committed before anything leaves, so an
item found in that state later may be in Slack already. It is looked for before it is posted
again; an edit is just repeated. Cards and replies are drawn from the rows when they are sent.
Where looking is impossible it is posted again: a direct message (a person's own channel is not
known by their id), and channels whose history we may not read.
"""

from __future__ import annotations

from dataclasses import replace
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

MAX_REFUSALS = 5
"""Then a message is given up; a card goes to the requester instead."""

_MOST_CARDS = 2
_ELSEWHERE = {Kind.NO_MESSAGE, Kind.NO_CHANNEL}


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
        self._cards_made: dict[int, int] = {}  # for replies that find no thread

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
        place = await self._placed(item, call, in_doubt=in_doubt)
        if place is None:
            return

        def work(tx: Transaction) -> None:
            _save_card(tx, item, call, place)
            tx.update_outbox(item.id, state="sent")

        await self._store.write(work)

    async def _placed(self, item: OutboxItem, call: Call, *, in_doubt: bool) -> ThreadRef | None:
        """The card, edited where it stands, or posted; None if it moves to the requester."""
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
                return place
        return await self._post_card(item, call)

    async def _post_card(self, item: OutboxItem, call: Call) -> ThreadRef | None:
        """A new card; None if we cannot write there: it moves to the requester (S12).

        The move is saved and the card then sent from there like any other, so that an answer
        lost there is not looked for in the channel.
        """
        person = call.request.requested_by
        channel = item.channel or person
        try:
            return await self._post_office.post(
                channel, self._drawn(call), key=self._card_key(call)
            )
        except SlackTrouble as trouble:
            if channel == person or not _is_closed(trouble, tries=item.tries + 1):
                raise
            hint = ARCHIVED_HINT if trouble.error == "is_archived" else INVITE_HINT
        now = self._clock.now()
        await self._store.write(lambda tx: _move(tx, item, call, hint=hint, now=now))
        return None

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
            await self._another_card(item, call, trouble)
            return False
        self._cards_made.pop(item.id, None)
        return True

    async def _another_card(self, item: OutboxItem, call: Call, trouble: SlackTrouble) -> None:
        """The card has no thread (S11): a new one, then one for the requester, and no third."""
        made = self._cards_made.pop(item.id, 0)
        if made == _MOST_CARDS:
            raise SlackTrouble(Kind.HOPELESS, trouble.error) from None
        self._cards_made[item.id] = made + 1
        place = replace(item, channel=call.request.requested_by) if made else item
        await self._new_card_first(place, call, in_doubt=False)

    async def _find_reply(self, card: ThreadRef, key: str, event: Event) -> bool:
        found = await self._post_office.find(
            card.channel, key=key, since=event.created_at, thread_ts=card.ts
        )
        return found is not None

    async def _new_card_first(self, item: OutboxItem, call: Call, *, in_doubt: bool) -> None:
        """The card is gone, or was never taken: a thread needs one. The reply follows."""
        place = await self._placed(item, replace(call, card=None), in_doubt=in_doubt)
        if place is None:
            return
        not_before = self._clock.now() + PACE

        def work(tx: Transaction) -> None:
            _save_card(tx, item, call, place)
            tx.update_outbox(item.id, state="pending", not_before=not_before)

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


def _is_closed(trouble: SlackTrouble, *, tries: int) -> bool:
    """Whether we cannot write there: Slack says so, or has refused it as often as we ask."""
    if trouble.kind is Kind.REFUSED:
        return tries >= MAX_REFUSALS
    return trouble.kind is Kind.NO_CHANNEL


def _move(tx: Transaction, item: OutboxItem, call: Call, *, hint: str, now: datetime) -> None:
    """Have all that the call has to say told to the requester, and why."""
    person = call.request.requested_by
    tx.update_call(call.id, card=None)
    tx.update_outbox(item.id, state="pending", channel=person, tries=0)
    url = tx.response_url(call.id)
    if url:
        tx.add_notice(response_url=url, user_id=person, text=note(hint).packed(), now=now)


def _save_card(tx: Transaction, item: OutboxItem, call: Call, place: ThreadRef) -> None:
    """Remember where the card is; all that the call still has to say goes there too."""
    if place != call.card:
        tx.update_call(call.id, card=place)
    if place.channel != item.channel:
        tx.update_outbox(item.id, channel=place.channel)
