from __future__ import annotations

import pytest

from bot.slack.answers import ARCHIVED_HINT, INVITE_HINT
from tests.support.slack_side import direct, opened, reads, requests, whispers
from tests.support.voice_side import keeps_the_promise, stands
from tests.support.world import ANSWERS_AND_PRESSES_1, DESK, World

ANN = "+14155550130"
STORY = ("Ringing +1 ••• ••• 0101.", "Answered.", "Finished: answered")


@pytest.mark.parametrize("place", ["front-desk", "office"])
@pytest.mark.parametrize("over_http", [False, True])
async def test_where_the_bot_is_the_story_stands(world: World, place: str, over_http: bool) -> None:
    """A public and a private channel with the bot in it: card and thread are there."""
    await world.start_bot(over_http=over_http)
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel=place)
    await world.pass_time(60)
    thread = world.thread(place)
    assert all(words in thread for words in STORY)
    assert direct(world) == []
    keeps_the_promise_in(world, place)


def keeps_the_promise_in(world: World, place: str) -> None:
    """One call, one card, and the row names it."""
    (card,) = world.cards(place)
    assert world.call()["thread_ts"] == card.ts
    assert world.call()["channel"] == world.workspace.channel(place).channel_id
    assert len(world.line.posts) == 1


@pytest.mark.parametrize("over_http", [False, True])
async def test_in_a_private_channel_without_the_bot(world: World, over_http: bool) -> None:
    """The command works; the story is in Ben's direct messages, and he reads how to invite it."""
    await world.start_bot(over_http=over_http)
    answer = await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel="owners")
    await world.pass_time(60)
    assert "Calling +1 ••• ••• 0101 now" in answer
    hints = [m for m in whispers(world) if INVITE_HINT in m.text]
    assert [m.channel_id for m in hints] == ["C0OWNERS"]
    story = reads(world, direct(world)[0])
    assert all(words in story for words in STORY)
    assert world.cards("owners") == []
    assert world.call()["channel"] == direct(world)[0].channel_id


async def test_in_a_public_channel_without_the_bot(world: World) -> None:
    """With chat:write.public the card stands where the command was typed."""
    await world.start_bot()
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel="kitchen")
    await world.pass_time(60)
    assert all(words in world.thread("kitchen") for words in STORY)


async def test_the_buttons_of_a_card_in_direct_messages_work(world: World) -> None:
    """Details and Call again, on a card that could not stand in its channel."""
    await world.start_bot()
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel="owners")
    await world.pass_time(60)
    card = direct(world)[0]
    await world.person().click(card, "Call again")
    await world.clock.settle()
    await world.pass_time(60)
    assert world.heard(ANSWERS_AND_PRESSES_1) == ["Hello", "Hello"]
    assert "@Ben Carter asked to call again." in reads(world, card)


async def test_after_an_invitation_the_next_card_stands_in_the_channel(world: World) -> None:
    """The hint is worth following."""
    await world.start_bot()
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel="owners")
    await world.pass_time(60)
    world.person().invite_bot("owners")
    await world.command(f"{ANN} Hello", channel="owners")
    await world.pass_time(30)
    assert "Call to +1 ••• ••• 0130 was answered" in world.thread("owners")


async def test_in_direct_messages_with_the_bot(world: World) -> None:
    """Typed there, everything stays there; the answer does not speak of a channel."""
    await world.start_bot()
    answer = await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel="@robocall")
    assert "You can watch it in our direct messages" in answer
    await world.pass_time(60)
    assert all(words in reads(world, direct(world)[0]) for words in STORY)


async def test_in_direct_messages_between_two_people(world: World) -> None:
    """A conversation the bot cannot see: the card comes to the direct messages with it."""
    await world.start_bot()
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel="@ana")
    await world.pass_time(60)
    assert all(words in reads(world, direct(world)[0]) for words in STORY)
    assert stands(world) == ("ended", "answered")


async def test_post_names_another_channel(world: World) -> None:
    """post=#general, as Slack's clients send it: the card is there, and the answer says so."""
    await world.start_bot()
    answer = await world.command(f"{ANSWERS_AND_PRESSES_1} Hello post=#general")
    assert "You can watch it in #general" in answer
    await world.pass_time(60)
    assert all(words in world.thread("general") for words in STORY)
    assert world.cards(DESK) == []


async def test_post_into_a_channel_that_is_none(world: World) -> None:
    """A name that Slack did not turn into a channel is refused; nothing is dialled."""
    await world.start_bot()
    answer = await world.command(f"{ANN} Hello post=#nowhere")
    assert "post: Where shall I post it? Pick the channel from Slack's own list" in answer
    assert world.rows() == []


async def test_the_form_offers_the_channel_it_was_opened_in(world: World) -> None:
    """Untouched, the card stands there; chosen, elsewhere, with the hint where the bot is not."""
    await world.start_bot()
    form = await opened(world, channel="office")
    await world.person().submit(form, {"to": ANN, "message": "Hello"})
    form = await opened(world, channel="office")
    await world.person().submit(form, {"to": ANN, "message": "Hello", "post": "owners"})
    await world.pass_time(60)
    assert len(world.cards("office")) == 1
    assert [m.channel_id for m in whispers(world) if INVITE_HINT in m.text] == ["C0OWNERS"]
    assert "was answered" in reads(world, direct(world)[0])


@pytest.mark.parametrize("when", ["before the card", "before the replies"])
async def test_an_archived_channel_loses_nothing(world: World, when: str) -> None:
    """The story goes on in the direct messages, and Ben reads why."""
    await world.start_bot()
    office = world.workspace.channel("office")
    if when == "before the card":
        office.is_archived = True
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel="office")
    office.is_archived = True
    await world.pass_time(60)
    story = reads(world, direct(world)[0])
    assert "Call to +1 ••• ••• 0101 was answered" in story
    assert "Finished: answered" in story
    assert any(ARCHIVED_HINT in m.text for m in whispers(world))
    assert world.call()["channel"] == direct(world)[0].channel_id


async def test_a_bot_that_is_thrown_out_goes_on_with_the_person(world: World) -> None:
    """Removed from the channel in the middle of a call: the rest is told in direct messages."""
    await world.start_bot()
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello at="in 1m"', channel="office")
    world.workspace.channel("office").members.discard("U0ROBOCALL")
    await world.pass_time(120)
    story = reads(world, direct(world)[0])
    assert all(words in story for words in STORY)


async def test_a_deleted_card_is_made_anew(world: World) -> None:
    """Somebody deletes the card: a new one stands there, with the rest of the story."""
    await world.start_bot()
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello at="in 1m"')
    world.workspace.messages.remove(world.card())
    await world.pass_time(120)
    (card,) = world.cards()
    assert all(words in reads(world, card) for words in STORY)
    assert world.call()["thread_ts"] == card.ts
    keeps_the_promise(world)


async def test_answers_to_one_person_need_no_membership(world: World) -> None:
    """list, help and Details are told through the response_url, not by chat.postEphemeral."""
    await world.start_bot()
    await world.command(f"{ANSWERS_AND_PRESSES_1} Hello", channel="owners")
    await world.pass_time(60)
    assert "Your calls, newest first" in await world.command("list", channel="owners")
    assert requests(world, "chat.postEphemeral") == []
    assert requests(world, "response_url", "response_url")
