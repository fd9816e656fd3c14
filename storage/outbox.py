# ruff: noqa: S608 - SQL is put together from constants of this package, values are bound
"""The outbox: Slack messages still to send, in order per channel.

A message stands in a lane: its channel, or the address a notice is answered through. Lanes go
on beside each other; within a lane nothing overtakes, so the head is the oldest open message.
All messages of one call's thread share a lane: they follow the card when it moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.ports import OutboxItem
from storage.rows import Column, Rows, as_is
from storage.values import from_ms, from_ms_or_none, to_ms

_ITEM = """o.id, o.kind, o.call_id, o.event_id, o.channel, o.state, o.tries, o.not_before, o.text,
    o.response_url, o.kind = 'card' and exists (
        select 1 from calls where calls.id = o.call_id and card_ts is not null)"""

_OPEN = "state in ('pending', 'sending')"  # the words of the partial indexes

_ADD_CARD = """
insert into outbox (kind, call_id, channel, not_before, created_at)
select 'card', id, posts_to, :now, :now from calls where id = :call_id
on conflict do nothing
"""

# A reply needs a card to hang on: as long as none is posted, one comes first.
_ADD_REPLY = """
insert into outbox (kind, call_id, event_id, channel, not_before, created_at)
select 'card', id, null, posts_to, :now, :now from calls
where id = :call_id and card_ts is null
union all
select 'reply', id, :event_id, posts_to, :now, :now from calls where id = :call_id
on conflict do nothing
"""

_ADD_TEXT = """
insert into outbox (kind, call_id, channel, response_url, text, not_before, created_at)
values (:kind, :call_id, :channel, :response_url, :text, :now, :now)
"""

# The head of each lane, found by hopping over the index from lane to lane: the cost is the
# number of lanes, not of messages.
_HEADS = f"""
with recursive lanes (lane) as (
    select min(lane) from outbox where {_OPEN}
    union all
    select (select min(lane) from outbox where {_OPEN} and lane > lanes.lane)
    from lanes where lanes.lane is not null)
select {{columns}} from lanes join outbox o on o.id = (
    select min(id) from outbox where {_OPEN} and lane = lanes.lane)
"""
_PENDING = f"{_HEADS.format(columns=_ITEM)} where o.not_before <= ? order by o.id limit ?"
_NEXT_AT = _HEADS.format(columns="min(o.not_before)")

# A card put back meets the edit that was asked for meanwhile: one of them is enough.
_DROP_YOUNGER_CARD = """
delete from outbox where kind = 'card' and state = 'pending' and id <> :id
    and call_id = (select call_id from outbox where id = :id and kind = 'card')
"""

# What waits goes along when the card of a call moves to another channel.
_MOVE_OPEN = f"""
update outbox set channel = :channel
where call_id = :call_id and kind in ('card', 'reply') and {_OPEN} and channel <> :channel
"""

_CHANGEABLE: Mapping[str, Column] = {
    "state": as_is,
    "tries": as_is,
    "not_before": to_ms,
    "channel": as_is,
    "response_url": as_is,
}


class Outbox(Rows):
    """The part of a transaction that keeps messages (ports.Transaction says what each does)."""

    def show_card(self, call_id: int, *, now: datetime) -> None:
        """Have the card posted or edited soon; many in a row become one."""
        self.connection.execute(_ADD_CARD, {"call_id": call_id, "now": to_ms(now)})

    def show_reply(self, call_id: int, event_id: int, *, now: datetime) -> None:
        """Have an event told in the card's thread."""
        named = {"call_id": call_id, "event_id": event_id, "now": to_ms(now)}
        self.connection.execute(_ADD_REPLY, named)

    def add_notice(self, *, response_url: str, text: str, now: datetime, user_id: str = "") -> None:
        """Answer one person through the address Slack gave for it, or else directly."""
        self._add_text(
            kind="notice", channel=user_id, response_url=response_url, text=text, now=now
        )

    def add_direct(self, *, user_id: str, text: str, call_id: int | None, now: datetime) -> None:
        """Write one person a direct message."""
        self._add_text(kind="direct", channel=user_id, text=text, call_id=call_id, now=now)

    def outbox_pending(self, *, now: datetime, limit: int) -> list[OutboxItem]:
        """What may be sent now: the head of each lane, oldest first.

        A head in state `sending` was marked and never settled: the bot died, or the answer was
        lost. It may be in Slack already, so look before posting again.
        """
        rows = self.connection.execute(_PENDING, (to_ms(now), limit))
        return [_from_row(row) for row in rows]

    def outbox_next_at(self) -> datetime | None:
        """When the next message may be sent."""
        return from_ms_or_none(self.connection.execute(_NEXT_AT).fetchone()[0])

    def update_outbox(self, item_id: int, **changes: Any) -> None:
        """Change `state`, `tries`, `not_before`, `channel` or `response_url` of a message.

        A card or reply that moves to another channel takes along all that its call says.
        """
        if changes.get("state") == "pending":
            self.connection.execute(_DROP_YOUNGER_CARD, {"id": item_id})
        self._change("outbox", item_id, changes, _CHANGEABLE)
        if "channel" in changes:
            self._move_call_of(item_id, changes["channel"])

    def move_messages(self, call_id: int, channel: str) -> None:
        """Send what a call has to say, now and later, to this channel."""
        self.connection.execute("update calls set posts_to = ? where id = ?", (channel, call_id))
        self.connection.execute(_MOVE_OPEN, {"call_id": call_id, "channel": channel})

    def _move_call_of(self, item_id: int, channel: str) -> None:
        row = self.connection.execute(
            "select call_id from outbox where id = ? and kind in ('card', 'reply')", (item_id,)
        ).fetchone()
        if row is not None:
            self.move_messages(row[0], channel)

    def _add_text(
        self,
        *,
        kind: str,
        text: str,
        now: datetime,
        channel: str = "",
        response_url: str = "",
        call_id: int | None = None,
    ) -> None:
        named = {
            "kind": kind,
            "call_id": call_id,
            "channel": channel,
            "response_url": response_url,
            "text": text,
            "now": to_ms(now),
        }
        self.connection.execute(_ADD_TEXT, named)


def _from_row(row: tuple[Any, ...]) -> OutboxItem:
    return OutboxItem(
        id=row[0],
        kind=row[1],
        call_id=row[2],
        event_id=row[3],
        channel=row[4],
        state=row[5],
        tries=row[6],
        not_before=from_ms(row[7]),
        text=row[8],
        response_url=row[9],
        is_edit=bool(row[10]),
    )
