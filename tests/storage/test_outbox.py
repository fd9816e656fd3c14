from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.domain.call import ThreadRef
from bot.ports import OutboxItem, Transaction
from storage.transaction import SqliteTransaction
from tests.storage.rows import add_call, add_event
from tests.support.made import NOW

SECOND = timedelta(seconds=1)


def heads(tx: Transaction, now: datetime = NOW, limit: int = 99) -> list[OutboxItem]:
    """What may be sent now."""
    return tx.outbox_pending(now=now, limit=limit)


def told(items: list[OutboxItem]) -> list[tuple[str, int | None, str]]:
    """What, about which call, and where."""
    return [(item.kind, item.call_id, item.channel) for item in items]


def send_all(tx: Transaction) -> list[OutboxItem]:
    """Send every message, one head after the other; what came out, in order."""
    sent = []
    while items := heads(tx, limit=1):
        tx.update_outbox(items[0].id, state="sent")
        sent += items
    return sent


def called(tx: Transaction, *, channel: str = "C1", posted: bool = True, **asked: Any) -> int:
    """A call whose card stands in its channel."""
    call_id = add_call(tx, channel=channel, **asked)
    if posted:
        tx.update_call(call_id, card=ThreadRef(channel=channel, ts="1.000100"))
    return call_id


def test_many_changes_in_a_row_are_one_card(tx: SqliteTransaction) -> None:
    """A card is drawn from the row when it is sent, so one pending message is enough."""
    call_id = called(tx, posted=False)
    for _ in range(3):
        tx.show_card(call_id, now=NOW)
    assert heads(tx) == [
        OutboxItem(
            id=1,
            kind="card",
            call_id=call_id,
            event_id=None,
            channel="C1",
            state="pending",
            tries=0,
            not_before=NOW,
        )
    ]
    assert len(send_all(tx)) == 1
    tx.show_card(call_id, now=NOW)
    assert len(send_all(tx)) == 1


def test_a_change_while_the_card_is_being_sent_is_sent_after_it(tx: SqliteTransaction) -> None:
    """What is on its way was drawn before the change."""
    call_id = called(tx)
    tx.show_card(call_id, now=NOW)
    [first] = heads(tx)
    tx.update_outbox(first.id, state="sending")
    tx.show_card(call_id, now=NOW)
    assert [(first.id, "sending")] == [(item.id, item.state) for item in heads(tx)]
    tx.update_outbox(first.id, state="sent")
    [second] = heads(tx)
    assert second.id > first.id


def test_a_card_put_back_swallows_the_edit_that_came_meanwhile(tx: SqliteTransaction) -> None:
    """It is drawn anew anyway, and keeps its place in the queue."""
    call_id = called(tx)
    tx.show_card(call_id, now=NOW)
    [first] = heads(tx)
    tx.update_outbox(first.id, state="sending")
    tx.show_card(call_id, now=NOW)
    tx.update_outbox(first.id, state="pending", tries=1, not_before=NOW + SECOND)
    assert heads(tx) == []
    [again] = heads(tx, now=NOW + SECOND)
    assert (first.id, 1, NOW + SECOND) == (again.id, again.tries, again.not_before)
    assert len(send_all(tx)) == 0


def test_within_a_channel_nothing_overtakes(tx: SqliteTransaction) -> None:
    """The head waits, so all wait; other channels go on."""
    first, second = called(tx, channel="C1"), called(tx, channel="C1")
    other = called(tx, channel="C2")
    for call_id in (first, second, other):
        tx.show_card(call_id, now=NOW)
    assert [("card", first, "C1"), ("card", other, "C2")] == told(heads(tx))
    assert [("card", first, "C1")] == told(heads(tx, limit=1))
    tx.update_outbox(heads(tx)[0].id, not_before=NOW + SECOND, tries=1)
    assert [("card", other, "C2")] == told(heads(tx))
    tx.update_outbox(heads(tx)[0].id, state="dead")
    assert tx.outbox_next_at() == NOW + SECOND
    expected = [("card", first, "C1")]
    assert expected == told(heads(tx, now=NOW + SECOND))


def test_the_next_time_is_that_of_the_heads(tx: SqliteTransaction) -> None:
    """A message behind a waiting head cannot be sent earlier."""
    assert tx.outbox_next_at() is None
    first, second = called(tx), called(tx)
    tx.show_card(first, now=NOW + 9 * SECOND)
    tx.show_card(second, now=NOW)
    assert tx.outbox_next_at() == NOW + 9 * SECOND
    tx.add_notice(response_url="https://example.com/r", text="Hello", now=NOW + 5 * SECOND)
    assert tx.outbox_next_at() == NOW + 5 * SECOND
    assert len(heads(tx, now=NOW + 9 * SECOND)) == 2
    for item in heads(tx, now=NOW + 9 * SECOND):
        tx.update_outbox(item.id, state="sent")
    assert tx.outbox_next_at() == NOW


def test_a_reply_comes_after_its_card(tx: SqliteTransaction) -> None:
    """Even if nobody asked for the card, or asked for it later."""
    call_id = called(tx, posted=False)
    event_id = add_event(tx, call_id)
    tx.show_reply(call_id, event_id, now=NOW)
    tx.show_card(call_id, now=NOW)
    sent = send_all(tx)
    assert [("card", None), ("reply", event_id)] == [(i.kind, i.event_id) for i in sent]


def test_a_posted_card_is_not_posted_again_for_a_reply(tx: SqliteTransaction) -> None:
    """A reply hangs on the card that stands there."""
    call_id = called(tx)
    tx.show_reply(call_id, add_event(tx, call_id), now=NOW)
    assert [("reply", call_id, "C1")] == told(send_all(tx))


def test_messages_follow_the_card_to_where_it_stands(tx: SqliteTransaction) -> None:
    """Posted to a person, Slack answers with another channel: replies stay behind the card."""
    call_id, other = called(tx, channel="U1", posted=False), called(tx, channel="U1")
    tx.show_reply(call_id, add_event(tx, call_id), now=NOW)
    tx.show_card(other, now=NOW)
    tx.update_outbox(heads(tx)[0].id, state="sent")
    tx.update_call(call_id, card=ThreadRef(channel="D1", ts="1.000200"))
    tx.show_card(call_id, now=NOW)
    assert [("reply", call_id, "D1"), ("card", other, "U1")] == told(heads(tx))
    assert ("card", call_id, "D1") in told(send_all(tx))


def test_a_card_that_moves_takes_its_call_along(tx: SqliteTransaction) -> None:
    """What waits and what comes later goes to the new channel; a direct message stays."""
    call_id, other = called(tx, posted=False), called(tx, posted=False)
    tx.show_card(call_id, now=NOW)
    tx.show_reply(call_id, add_event(tx, call_id), now=NOW)
    tx.show_card(other, now=NOW)
    tx.add_direct(user_id="U7", text="Psst", call_id=call_id, now=NOW)
    tx.update_outbox(heads(tx)[0].id, channel="U1", tries=1)
    tx.show_reply(call_id, add_event(tx, call_id), now=NOW)
    assert told(send_all(tx)) == [
        ("card", call_id, "U1"),
        ("reply", call_id, "U1"),
        ("card", other, "C1"),
        ("direct", call_id, "U7"),
        ("reply", call_id, "U1"),
    ]


def test_moving_a_direct_message_moves_only_itself(tx: SqliteTransaction) -> None:
    """It is about the call but not part of its thread."""
    call_id = called(tx)
    tx.show_card(call_id, now=NOW)
    tx.add_direct(user_id="U7", text="Psst", call_id=call_id, now=NOW)
    tx.update_outbox(heads(tx)[1].id, channel="D7")
    assert [("card", call_id, "C1"), ("direct", call_id, "D7")] == told(send_all(tx))


def test_notices_to_different_people_do_not_wait_for_each_other(tx: SqliteTransaction) -> None:
    """Those through one address keep their order."""
    for address, text in (("a", "one"), ("b", "two"), ("a", "three")):
        tx.add_notice(response_url=f"https://example.com/{address}", text=text, now=NOW)
    assert [item.text for item in heads(tx)] == ["one", "two"]
    assert heads(tx)[0].response_url == "https://example.com/a"
    assert [item.text for item in send_all(tx)] == ["one", "two", "three"]


def test_only_old_sent_messages_are_forgotten(tx: SqliteTransaction) -> None:
    """What is open, or could not be sent, stays."""
    ids = {state: called(tx) for state in ("pending", "sending", "dead", "sent")}
    for call_id in ids.values():
        tx.show_card(call_id, now=NOW)
    for item, state in enumerate(ids, start=1):
        tx.update_outbox(item, state=state)
    tx.forget_old(before=NOW)
    assert tx.connection.execute("select count(*) from outbox").fetchone() == (4,)
    tx.forget_old(before=NOW + SECOND)
    left = tx.connection.execute("select state from outbox order by id").fetchall()
    assert left == [("pending",), ("sending",), ("dead",)]


def test_a_card_that_stands_in_slack_is_an_edit(tx: SqliteTransaction) -> None:
    """The first card is posted; once its place is known, the next is shown there."""
    call_id = add_call(tx)
    tx.show_card(call_id, now=NOW)
    assert [item.is_edit for item in send_all(tx)] == [False]
    tx.update_call(call_id, card=ThreadRef(channel="C1", ts="1.1"))
    tx.show_reply(call_id, add_event(tx, call_id), now=NOW)
    tx.show_card(call_id, now=NOW)
    assert [(i.kind, i.is_edit) for i in send_all(tx)] == [("reply", False), ("card", True)]
