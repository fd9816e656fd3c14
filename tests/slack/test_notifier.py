from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import aiohttp
import pytest

from bot.domain.call import ThreadRef
from bot.domain.errors import StoreUnavailable
from bot.domain.timeline import EventName
from bot.ports import Transaction
from bot.sandbox.slack.faults import Fault
from bot.slack.answers import ARCHIVED_HINT, INVITE_HINT, note
from bot.slack.blocks import Message
from bot.slack.courier import Courier
from bot.slack.post_office import PostOffice
from bot.slack.troubles import Kind, SlackTrouble
from storage.database import Database
from tests.slack.desk import BEN, DESK, OFFICE, WITHOUT_BOT, Desk, client_for, sender_for
from tests.slack.examples import RUDE

T = TypeVar("T")

ACCEPT_THEN_FAIL = [
    Fault.accepted_then_dropped(),
    Fault.server_error(503, accepts=True),
    Fault(error="internal_error", accepts=True),
]


async def test_a_card_is_posted_and_remembered(desk: Desk) -> None:
    """Where it stands is kept with the call; nothing is left to send."""
    call_id = await desk.asks()
    await desk.sends()
    [card] = desk.posted()
    place = (await desk.call(call_id)).card
    assert place is not None
    assert (place.channel, place.ts) == (DESK, card.ts)
    assert await desk.waiting() == []


async def test_replies_stand_in_the_thread_in_order(desk: Desk) -> None:
    """One post every 1.1 seconds, the oldest first."""
    call_id = await desk.asks()
    await desk.happens(call_id, EventName.ACCEPTED, attempt_no=1)
    await desk.happens(call_id, EventName.ANSWERED)
    await desk.sends()
    assert len(desk.posted()) == 1
    await desk.sends(after=1.0)
    assert len(desk.posted()) == 1
    await desk.sends(after=0.1)
    await desk.sends(after=1.1)
    card, *replies = desk.posted()
    assert [reply.text for reply in replies] == ["Ringing +1 ••• ••• 0123.", "Answered."]
    assert {reply.thread_ts for reply in replies} == {card.ts}


async def test_many_changes_are_one_edit_in_place(desk: Desk) -> None:
    """The newest state is what shows, and the message stays the same one."""
    call_id = await desk.asks()
    await desk.sends()
    for digits in ("1", "12", "123"):
        await desk.changes(call_id, digits=digits)
    await desk.sends()
    assert len(desk.requests("chat.update")) == 1
    [card] = desk.posted()
    assert "1 (Confirm), 2 (Another day), 3" in str(card.blocks)


async def test_edits_are_paced_over_all_channels(desk: Desk) -> None:
    """Slack counts edits per workspace: 50 a minute."""
    calls = [await desk.asks(), await desk.asks(channel=OFFICE)]
    await desk.sends()
    for call_id in calls:
        await desk.changes(call_id, digits="1")
    await desk.sends()
    assert len(desk.requests("chat.update")) == 1
    await desk.sends(after=1.2)
    assert len(desk.requests("chat.update")) == 2


async def test_channels_do_not_wait_for_each_other(desk: Desk) -> None:
    """Two in one channel are paced, the other channel goes on."""
    await desk.asks()
    await desk.asks()
    await desk.asks(channel=OFFICE)
    await desk.sends()
    assert (len(desk.posted()), len(desk.posted(OFFICE))) == (1, 1)
    await desk.sends(after=1.1)
    assert len(desk.posted()) == 2


async def test_a_rate_limit_stops_one_channel_only(desk: Desk) -> None:
    """It waits as long as Slack says, order is kept, no try is counted (S7)."""
    first, second = await desk.asks(), await desk.asks()
    desk.slack.faults.plan("chat.postMessage", Fault.rate_limited(30))
    await desk.sends()
    await desk.asks(channel=OFFICE)
    await desk.sends_for(29)
    assert desk.posted() == []
    assert len(desk.posted(OFFICE)) == 1
    await desk.sends_for(4)
    cards = [(await desk.call(call_id)).card for call_id in (first, second)]
    assert [card.ts for card in desk.posted()] == [card.ts for card in cards if card]


@pytest.mark.parametrize("fault", ACCEPT_THEN_FAIL)
async def test_a_card_whose_answer_was_lost_is_found_again(desk: Desk, fault: Fault) -> None:
    """Exactly one message, though nobody told us that it was taken (S9, S10)."""
    call_id = await desk.asks()
    desk.slack.faults.plan("chat.postMessage", fault)
    await desk.sends()
    assert (await desk.call(call_id)).card is None
    await desk.sends_for(4)
    assert [card.ts for card in desk.posted()] == [(await desk.call(call_id)).card.ts]  # type: ignore[union-attr]
    assert await desk.waiting() == []


@pytest.mark.parametrize("fault", ACCEPT_THEN_FAIL)
async def test_a_reply_whose_answer_was_lost_is_found_again(desk: Desk, fault: Fault) -> None:
    """The thread tells it once."""
    call_id = await desk.asks()
    await desk.happens(call_id)
    await desk.sends()
    desk.slack.faults.plan("chat.postMessage", fault)
    await desk.sends_for(6)
    assert [message.text for message in desk.posted()][1:] == ["Answered."]
    assert await desk.waiting() == []


async def test_a_post_that_was_lost_before_it_arrived_is_posted_again(desk: Desk) -> None:
    """It was looked for and not found, on any page of the channel."""
    for number in range(450):
        desk.slack.workspace.post(DESK, BEN, {"text": f"chatter {number}"})
    await desk.asks()
    desk.slack.faults.plan("chat.postMessage", Fault.server_error(500))
    await desk.sends_for(4)
    assert len(desk.requests("conversations.history")) == 3
    assert len(desk.posted()) == 451


async def test_a_look_ends_somewhere(desk: Desk) -> None:
    """A thousand messages back is far enough; then it is posted again."""
    for number in range(1001):
        desk.slack.workspace.post(DESK, BEN, {"text": f"chatter {number}"})
    await desk.asks()
    desk.slack.faults.plan("chat.postMessage", Fault.server_error(500))
    await desk.sends_for(4)
    assert len(desk.requests("conversations.history")) == 5
    assert len(desk.posted()) == 1002


async def test_a_lost_edit_is_just_repeated(desk: Desk) -> None:
    """Editing twice is the same as once."""
    call_id = await desk.asks()
    await desk.sends()
    desk.slack.faults.plan("chat.update", Fault.accepted_then_dropped())
    await desk.changes(call_id, digits="1")
    await desk.sends_for(5)
    assert len(desk.requests("chat.update")) == 2
    assert desk.requests("conversations.history") == []
    assert await desk.waiting() == []


class TestWithoutHistoryScopes:
    """A look is not possible."""

    @pytest.fixture
    def scopes(self) -> tuple[str, ...]:
        """Just enough to post."""
        return ("chat:write",)

    async def test_a_lost_post_is_posted_again(self, desk: Desk) -> None:
        """A message twice is better than one never seen."""
        await desk.asks()
        desk.slack.faults.plan("chat.postMessage", Fault.accepted_then_dropped())
        await desk.sends_for(5)
        assert len(desk.posted()) == 2
        assert await desk.waiting() == []
        assert desk.sender.problem == ""


async def test_a_look_that_fails_is_made_again(desk: Desk) -> None:
    """While Slack is in trouble nothing is posted blindly."""
    await desk.asks()
    desk.slack.faults.plan("chat.postMessage", Fault.accepted_then_dropped())
    desk.slack.faults.plan("conversations.history", Fault.rate_limited(3))
    desk.slack.faults.plan("conversations.history", Fault.server_error(502))
    await desk.sends_for(20)
    assert len(desk.posted()) == 1
    assert await desk.waiting() == []


async def test_what_was_under_way_at_a_crash_is_looked_for(desk: Desk) -> None:
    """A row that is marked may be in Slack already: found, it is shown as it is now."""
    call_id = await desk.asks()
    await desk.sends()
    [card] = desk.posted()

    def crashed(tx: object) -> None:
        tx.update_call(call_id, card=None, digits="1")  # type: ignore[attr-defined]
        tx.show_card(call_id, now=desk.clock.now())  # type: ignore[attr-defined]
        [item] = tx.outbox_pending(now=desk.clock.now(), limit=9)  # type: ignore[attr-defined]
        tx.update_outbox(item.id, state="sending")  # type: ignore[attr-defined]

    await desk.store.write(crashed)
    await desk.sends(after=2)
    assert [message.ts for message in desk.posted()] == [card.ts]
    assert "1 (Confirm)" in str(card.blocks)


async def test_a_deleted_card_is_posted_anew_and_the_thread_goes_on(desk: Desk) -> None:
    """Nobody can delete the outcome of a call (S11)."""
    call_id = await desk.asks()
    await desk.sends()
    desk.slack.workspace.messages.remove(desk.posted()[0])
    await desk.happens(call_id)
    await desk.sends_for(5)
    card, reply = desk.posted()
    assert (reply.text, reply.thread_ts) == ("Answered.", card.ts)
    assert (await desk.call(call_id)).card.ts == card.ts  # type: ignore[union-attr]


async def test_an_edit_of_a_deleted_card_makes_a_new_one(desk: Desk) -> None:
    """The same for the card itself."""
    call_id = await desk.asks()
    await desk.sends()
    [old] = desk.posted()
    desk.slack.workspace.messages.remove(old)
    await desk.changes(call_id, digits="1")
    await desk.sends(after=2)
    [card] = desk.posted()
    assert card.ts != old.ts
    assert (await desk.call(call_id)).card.ts == card.ts  # type: ignore[union-attr]


async def test_a_channel_without_the_bot_gets_its_card_in_direct_messages(desk: Desk) -> None:
    """The requester reads everything there, and is told how to invite the bot (S12)."""
    ben = desk.slack.user("ben")
    url = desk.slack._response_urls.issue(DESK, ben.person.user_id)
    call_id = await desk.asks(channel=WITHOUT_BOT, response_url=url)
    await desk.happens(call_id)
    await desk.sends_for(4)
    card, reply = desk.direct()
    assert (reply.text, reply.thread_ts) == ("Answered.", card.ts)
    place = (await desk.call(call_id)).card
    assert place is not None
    assert place.channel == card.channel_id
    [hint] = [message for message in desk.posted() if message.only_for == BEN]
    assert hint.text == INVITE_HINT


async def test_an_archived_channel_moves_the_card_too(desk: Desk) -> None:
    """Also when it was archived after the card was posted; the requester is told why."""
    url = desk.slack._response_urls.issue(OFFICE, BEN)
    call_id = await desk.asks(response_url=url)
    await desk.sends()
    desk.slack.workspace.channels[DESK].is_archived = True
    await desk.changes(call_id, digits="1")
    await desk.sends_for(3)
    [card] = desk.direct()
    assert "1 (Confirm)" in str(card.blocks)
    assert [message.text for message in desk.posted(OFFICE)] == [ARCHIVED_HINT]


async def test_a_kicked_bot_goes_on_in_direct_messages(desk: Desk) -> None:
    """A reply finds no channel any more: a new card first, then the reply."""
    call_id = await desk.asks()
    await desk.sends()
    desk.slack.faults.plan("chat.postMessage", Fault.refused("not_in_channel"), times=2)
    await desk.happens(call_id)
    await desk.sends_for(5)
    card, reply = desk.direct()
    assert reply.thread_ts == card.ts


async def test_a_person_who_cannot_be_written_to_blocks_nobody(desk: Desk) -> None:
    """Neither channel nor direct messages: given up after five refusals."""
    await desk.asks(channel=BEN)
    desk.slack.faults.plan("chat.postMessage", Fault.refused("channel_not_found"), times=5)
    await desk.sends_for(40)
    assert await desk.waiting() == []
    assert len(desk.requests("chat.postMessage")) == 5


async def test_blocks_that_slack_does_not_take_become_plain_text(desk: Desk) -> None:
    """The words come through in any case (S16)."""
    await desk.asks()
    desk.slack.faults.plan("chat.postMessage", Fault.refused("invalid_blocks"))
    await desk.sends()
    [card] = desk.posted()
    assert card.blocks == []
    assert card.text.startswith("Call to +1 ••• ••• 0123 waits to be dialled.")


async def test_a_message_that_is_never_taken_is_given_up(desk: Desk) -> None:
    """Poison must not stop its channel: blocks, then text, then dead; the reply goes on."""
    call_id = await desk.asks()
    await desk.happens(call_id)
    desk.slack.faults.plan("chat.postMessage", Fault.refused("invalid_blocks"), times=2)
    await desk.sends_for(5)
    card, reply = desk.posted()
    assert reply.thread_ts == card.ts
    assert await desk.waiting() == []


async def test_a_refusal_of_the_plain_text_is_told_by_its_own_word(desk: Desk) -> None:
    """The second try may be refused for another reason, and then waits like any other."""
    await desk.asks()
    desk.slack.faults.plan("chat.postMessage", Fault.refused("msg_too_long"))
    desk.slack.faults.plan("chat.postMessage", Fault.refused("team_access_not_granted"))
    await desk.sends_for(4)
    assert len(desk.posted()) == 1


async def test_a_card_that_is_refused_again_and_again_goes_to_the_requester(desk: Desk) -> None:
    """After five refusals, with its replies; the next message of the channel then goes."""
    call_id = await desk.asks()
    await desk.happens(call_id)
    refusal = Fault.refused("team_access_not_granted")
    desk.slack.faults.plan("chat.postMessage", refusal, times=5)
    await desk.asks()
    await desk.sends_for(40)
    card, reply = desk.direct()
    assert reply.thread_ts == card.ts
    assert len(desk.posted()) == 1
    assert len(desk.requests("chat.postMessage")) == 8
    assert await desk.waiting() == []


async def test_ten_refusals_are_enough(desk: Desk) -> None:
    """Five in the channel, five in direct messages: then it is given up."""
    await desk.asks()
    refusal = Fault.refused("team_access_not_granted")
    desk.slack.faults.plan("chat.postMessage", refusal, times=10)
    await desk.sends_for(120)
    assert len(desk.requests("chat.postMessage")) == 10
    assert await desk.waiting() == []


async def test_a_channel_where_only_some_may_post_moves_the_card(desk: Desk) -> None:
    """The owners closed it: that is no reason to tell the requester nothing."""
    call_id = await desk.asks()
    closed = Fault.refused("restricted_action_read_only_channel")
    desk.slack.faults.plan("chat.postMessage", closed)
    await desk.happens(call_id)
    await desk.sends_for(5)
    card, reply = desk.direct()
    assert reply.thread_ts == card.ts
    assert desk.posted() == []


async def test_a_reply_that_finds_no_thread_again_and_again_is_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One new card, one for the requester, and then silence: not a card a second for ever."""
    call_id = await desk.asks()
    await desk.sends()
    post = PostOffice.post

    async def no_threads(
        self: PostOffice, channel: str, message: Message, *, key: str, thread_ts: str | None = None
    ) -> ThreadRef:
        if thread_ts:
            raise SlackTrouble(Kind.NO_MESSAGE, "thread_not_found")
        return await post(self, channel, message, key=key)

    monkeypatch.setattr(PostOffice, "post", no_threads)
    await desk.happens(call_id)
    await desk.sends_for(60)
    assert (len(desk.posted()), len(desk.direct())) == (2, 1)
    assert await desk.waiting() == []


async def test_a_move_to_direct_messages_is_remembered(desk: Desk) -> None:
    """The card's answer is lost there: the closed channel is not asked once more."""
    await desk.asks(channel=WITHOUT_BOT)
    desk.slack.faults.plan("chat.postMessage", Fault.refused("not_in_channel"))
    desk.slack.faults.plan("chat.postMessage", Fault.server_error(503))
    await desk.sends_for(10)
    asked = [request["channel"] for request in desk.requests("chat.postMessage")]
    assert asked == [WITHOUT_BOT, BEN, BEN]
    assert len(desk.direct()) == 1


async def test_no_answer_at_all_is_not_given_up_for_hours(desk: Desk) -> None:
    """Slack may be down for long (S14); at last even that ends."""
    await desk.asks()
    desk.slack.faults.plan("chat.postMessage", Fault.refused("fatal_error"), times=200)
    for _ in range(99):
        await desk.sends(after=300)
    assert [item.tries for item in await desk.waiting()] == [99]
    await desk.sends(after=300)
    assert await desk.waiting() == []


async def test_a_revoked_token_stops_everything_and_is_told(desk: Desk) -> None:
    """Rows are kept; a minute later it is tried again, and goes on when it can (S13)."""
    await desk.asks()
    desk.slack.revoke_token()
    await desk.sends()
    assert desk.sender.problem == "token_revoked"
    await desk.sends_for(30)
    assert len(desk.requests("chat.postMessage")) == 1
    desk.slack.revoke_token("")
    await desk.sends_for(31)
    assert len(desk.posted()) == 1
    assert desk.sender.problem == ""


async def test_a_slack_that_cannot_be_reached_costs_nothing(desk: Desk) -> None:
    """Surely not sent: no look, no end of patience, and it goes as soon as Slack is back."""
    port = desk.slack.port
    await desk.asks()
    await desk.slack.close()
    for _ in range(120):
        await desk.sends(after=300)
    [item] = await desk.waiting()
    assert (item.state, item.tries) == ("pending", 120)
    await desk.slack.start(port=port)
    await desk.sends(after=300)
    assert len(desk.posted()) == 1
    assert desk.requests("conversations.history") == []


async def test_a_hanging_slack_is_left_after_the_deadline(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    """Other channels are not held up meanwhile, and it is looked for afterwards."""
    deadline = timedelta(milliseconds=200)
    desk.sender = sender_for(desk.slack, desk.store, desk.clock, http, deadline=deadline)
    await desk.asks()
    desk.slack.faults.plan("chat.postMessage", Fault.hang())
    hanging = asyncio.ensure_future(desk.sends())
    await desk.slack.workspace.until(lambda: desk.requests("chat.postMessage"))
    await desk.asks(channel=OFFICE)
    await desk.sends()
    await hanging
    assert len(desk.posted(OFFICE)) == 1
    [item] = await desk.waiting()
    assert item.state == "sending"
    await desk.sends_for(3)
    assert len(desk.posted()) == 1


async def test_a_notice_reaches_one_person(desk: Desk) -> None:
    """Through the address Slack gave for it, in words that do nothing (S26)."""
    url = desk.slack._response_urls.issue(DESK, BEN)
    now = desk.clock.now()
    await desk.store.write(
        lambda tx: tx.add_notice(response_url=url, text=note(RUDE).packed(), now=now)
    )
    await desk.sends()
    [notice] = desk.posted()
    assert notice.only_for == BEN
    assert "&lt;!channel&gt;" in notice.text
    assert await desk.waiting() == []


async def test_an_expired_address_is_given_up(desk: Desk) -> None:
    """After thirty minutes nobody can be reached there (S17)."""
    url = desk.slack._response_urls.issue(DESK, BEN)
    now = desk.clock.now()
    await desk.store.write(
        lambda tx: tx.add_notice(response_url=url, text=note("Hello").packed(), now=now)
    )
    await desk.sends(after=1801)
    assert desk.posted() == []
    assert await desk.waiting() == []


async def test_who_cannot_be_reached_there_is_told_directly(desk: Desk) -> None:
    """The address has expired while the bot was down: the answer is not lost (S17)."""
    url = desk.slack._response_urls.issue(DESK, BEN)
    now, text = desk.clock.now(), note("Hello").packed()
    await desk.store.write(
        lambda tx: tx.add_notice(response_url=url, user_id=BEN, text=text, now=now)
    )
    await desk.sends(after=1801)
    assert [message.text for message in desk.direct()] == ["Hello"]
    assert desk.posted() == []
    assert await desk.waiting() == []


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://hooks.slack.com/x",
        "ftp://127.0.0.1/x",
        "https://[hooks.slack.com/x",
        "junk",
    ],
)
async def test_an_address_elsewhere_is_never_asked(desk: Desk, url: str) -> None:
    """A forged response_url must not make us talk to strangers."""
    now = desk.clock.now()
    await desk.store.write(
        lambda tx: tx.add_notice(response_url=url, text=note("Hello").packed(), now=now)
    )
    await desk.sends()
    assert await desk.waiting() == []


async def test_a_notice_waits_while_slack_is_away(desk: Desk) -> None:
    """Refused connections and server errors are no reason to lose it."""
    url = f"http://127.0.0.1:{desk.slack.port}/api/notice"
    desk.slack.faults.plan("notice", Fault.server_error(503))
    desk.slack.faults.plan("notice", Fault.accepted_then_dropped())
    desk.slack.faults.plan("notice", Fault.rate_limited(7))
    now = desk.clock.now()
    await desk.store.write(
        lambda tx: tx.add_notice(response_url=url, text=note("Hello").packed(), now=now)
    )
    await desk.sends()
    assert [item.tries for item in await desk.waiting()] == [1]
    await desk.sends(after=2)
    assert [item.tries for item in await desk.waiting()] == [2]
    await desk.sends(after=4)
    [item] = await desk.waiting()
    assert (item.tries, item.not_before - desk.clock.now()) == (2, timedelta(seconds=7))


async def test_a_direct_message_reaches_its_person(desk: Desk) -> None:
    """Posted to the person's id; Slack knows the conversation."""
    now = desk.clock.now()
    await desk.store.write(
        lambda tx: tx.add_direct(user_id=BEN, text="Hello & bye", call_id=None, now=now)
    )
    await desk.sends()
    assert [message.text for message in desk.direct()] == ["Hello &amp; bye"]
    assert await desk.waiting() == []


async def test_nothing_we_post_pings_links_or_unfurls(desk: Desk) -> None:
    """The raw request says so, with rude words in it (S26)."""
    call_id = await desk.asks(message=RUDE, variables={})
    await desk.happens(call_id, EventName.REFUSED, reason=RUDE, status=400)
    await desk.sends_for(3)
    await desk.changes(call_id, digits="1")
    await desk.sends_for(3)
    posts, edits = desk.requests("chat.postMessage"), desk.requests("chat.update")
    assert len(posts) == 2
    for request in [*posts, *edits]:
        assert request["parse"] == "none"
        assert "link_names" not in request
        assert "<!channel>" not in request["text"]
    assert {str(post["unfurl_links"]) for post in posts} <= {"0", "False", "false"}


async def test_an_event_that_cannot_be_drawn_does_not_block_its_channel(desk: Desk) -> None:
    """A row we cannot read is given up like any refused message."""
    call_id = await desk.asks()
    await desk.happens(call_id, EventName.ACCEPTED, scheduled_at="no time at all")
    await desk.happens(call_id)
    await desk.sends_for(40)
    assert [message.text for message in desk.posted()][1:] == ["Answered."]
    assert await desk.waiting() == []


async def test_a_closed_database_stops_no_loop(desk: Desk) -> None:
    """The sender comes back to it later; nothing is raised."""
    await desk.asks()
    await desk.store.close()
    await desk.sends()
    assert desk.posted() == []


class _FailsOnce:
    """A store that cannot commit the nth write from now, like a disk that is full for a moment."""

    def __init__(self, store: Database, *, nth: int = 0) -> None:
        self._store = store
        self._left = nth
        self.was_read = asyncio.Event()

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """As the store does, but once."""
        self._left -= 1
        if self._left == 0:
            raise StoreUnavailable("the disk is full")
        return await self._store.write(work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """As the store does."""
        answer = await self._store.read(work)
        self.was_read.set()
        return answer


@pytest.mark.parametrize("nth", [1, 2])
async def test_a_card_that_could_not_be_saved_is_not_posted_twice(
    desk: Desk, http: aiohttp.ClientSession, nth: int
) -> None:
    """Neither the mark nor the place may be lost: no mark, no post; no place, a look."""
    store = _FailsOnce(desk.store, nth=nth)
    desk.sender = sender_for(desk.slack, store, desk.clock, http)
    call_id = await desk.asks()
    await desk.sends()
    assert len(desk.posted()) == nth - 1
    await desk.sends(after=2)
    assert [card.ts for card in desk.posted()] == [(await desk.call(call_id)).card.ts]  # type: ignore[union-attr]


@pytest.mark.parametrize("missing", [{"call_id": None}, {"kind": "reply", "event_id": None}])
async def test_a_row_that_tells_nothing_is_hopeless(
    desk: Desk, http: aiohttp.ClientSession, missing: dict[str, Any]
) -> None:
    """It can never be drawn, so it is given up at once."""
    await desk.asks()
    [item] = await desk.waiting()
    office = PostOffice(client=client_for(desk.slack, http), http=http)
    courier = Courier(store=desk.store, clock=desk.clock, post_office=office, installation="test")
    with pytest.raises(SlackTrouble, match="hopeless"):
        await courier.carry(replace(item, **missing))
    assert desk.posted() == []


async def test_it_runs_by_itself_woken_by_news_and_by_time(desk: Desk) -> None:
    """`wake` sends at once, the pace does the rest, and stopping it loses nothing."""
    running = asyncio.ensure_future(desk.sender.run())
    await desk.asks()
    await desk.asks()
    desk.sender.wake()
    await desk.slack.workspace.until(lambda: len(desk.posted()) == 1)
    while len(desk.posted()) < 2:
        await desk.clock.advance(0.5)
    desk.slack.faults.plan("chat.postMessage", Fault.hang())
    await desk.asks(channel=OFFICE)
    desk.sender.wake()
    await desk.slack.workspace.until(lambda: len(desk.requests("chat.postMessage")) == 3)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    [item] = await desk.waiting()
    assert (item.channel, item.state) == (OFFICE, "sending")


async def test_with_nothing_to_send_it_waits_for_news(
    desk: Desk, http: aiohttp.ClientSession
) -> None:
    """No look at the clock, no look at the database: idle until woken."""
    store = _FailsOnce(desk.store)
    sender = sender_for(desk.slack, store, desk.clock, http)
    running = asyncio.ensure_future(sender.run())
    await store.was_read.wait()
    was_idle = sender.is_idle
    await desk.asks()
    sender.wake()
    assert (was_idle, sender.is_idle) == (True, False)
    await desk.slack.workspace.until(desk.posted)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_running_survives_a_database_that_is_away(desk: Desk) -> None:
    """It looks again every second of its clock."""
    await desk.store.close()
    running = asyncio.ensure_future(desk.sender.run())
    await desk.clock.advance(5)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
