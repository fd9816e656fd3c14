from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.sandbox.slack import Fault
from tests.support.slack_side import delivered, fields, opened, redeliver, shown, typed, whispers
from tests.support.voice_side import bodies, keeps_the_promise
from tests.support.world import BUSY, DESK, MONDAY_TEN, World

ANN = "+14155550130"


@pytest.mark.parametrize("over_http", [False, True])
async def test_every_field_of_the_form_reaches_the_phone(world: World, over_http: bool) -> None:
    """Ben fills in everything there is; the voice service is asked for exactly that."""
    await world.start_bot(over_http=over_http)
    form = await opened(world)
    values = {
        "to": BUSY,
        "message": "Hello {{name}}, press 1 to confirm.",
        "variables": "name=Ann",
        "voice": "en-female-1",
        "language": "en-GB",
        "caller_id": "+14155550190",
        "retries": "2",
        "retry_delay": "7",
        "retry_on": ["busy"],
        "keypad": "1 Confirm: See you, {{name}}!\n2 Cancel",
        "goal": "1",
        "post": "general",
    }
    assert (await world.person().submit(form, values)).is_closed
    await world.pass_time(20)
    (body,) = bodies(world)
    assert (body["phone_number"], body["message"]) == (BUSY, values["message"])
    assert (body["variables"], body["voice"]) == ({"name": "Ann"}, "en-female-1")
    assert (body["language"], body["caller_id"]) == ("en-GB", "+14155550190")
    actions = body["dtmf_config"]["actions"]
    assert actions["1"]["response_message"] == "See you, Ann!"
    thread = world.thread("general")
    assert "Busy. Trying again today at 10:07 (attempt 2 of 3)." in thread
    assert world.cards(DESK) == []


@pytest.mark.parametrize("over_http", [False, True])
async def test_a_recording_is_played(world: World, over_http: bool) -> None:
    """Choosing the recording shows its field in place of the message, and that is what is sent."""
    await world.start_bot(over_http=over_http)
    form = await opened(world)
    await world.person().choose(form, "say", "audio")
    await world.clock.settle()
    assert "audio_url" in fields(form)
    assert "message" not in fields(form)
    address = "https://example.com/reminder.mp3"
    sent = await world.person().submit(form, {"to": ANN, "audio_url": address})
    assert sent.is_closed
    await world.pass_time(30)
    (body,) = bodies(world)
    assert body["audio_url"] == address
    assert "message" not in body
    assert f"Recording: {address}" in world.thread()
    assert world.call()["audio_url"] == address


async def test_changing_ones_mind_loses_no_word(world: World) -> None:
    """Text, recording, text, recording, text: what was typed under each is there again."""
    await world.start_bot()
    ben, form = world.person(), await opened(world)
    ben.fill(form, {"to": ANN, "variables": "name=Ann", "retries": "2"})
    await ben.type_in(form, "message", "Hello {{name}}, it is ready.")
    for address in ("https://example.com/a.mp3", "https://example.com/b.mp3"):
        await ben.choose(form, "say", "audio")
        await world.clock.settle()
        ben.fill(form, {"audio_url": address})
        await ben.choose(form, "say", "text")
        await world.clock.settle()
        assert typed(form, "message") == "Hello {{name}}, it is ready."
    await ben.choose(form, "say", "audio")
    await world.clock.settle()
    assert typed(form, "audio_url") == "https://example.com/b.mp3"
    assert (typed(form, "to"), typed(form, "variables")) == (ANN, "name=Ann")
    await ben.choose(form, "say", "text")
    await world.clock.settle()
    assert (await ben.submit(form)).is_closed
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello Ann, it is ready."]


async def test_the_preview_shows_what_will_be_heard(world: World) -> None:
    """While Ben types: the final text, its length, how long it takes, and what is odd about it."""
    await world.start_bot()
    ben, form = world.person(), await opened(world)
    assert "What they will hear shows here." in shown(world, form)
    await ben.type_in(form, "message", "Hello {{name}}, press 1 now.")
    await world.clock.settle()
    assert "They will hear (28 characters, about 2 seconds):" in shown(world, form)
    assert "Hello {{name}}, press 1 now." in shown(world, form)
    assert "The message says “press 1”, but key 1 is not defined." in shown(world, form)
    await ben.type_in(form, "variables", "name=Ann")
    await world.clock.settle()
    assert "Hello Ann, press 1 now." in shown(world, form)
    assert "(23 characters, about 2 seconds)" in shown(world, form)
    await ben.type_in(form, "keypad", "1 Confirm")
    await world.clock.settle()
    assert "is not defined" not in shown(world, form)
    assert typed(form, "message") == "Hello {{name}}, press 1 now."


async def test_fast_typing_ends_with_the_newest_preview(world: World) -> None:
    """Five keystrokes at once: the last one shows, and no word is lost."""
    await world.start_bot()
    ben, form = world.person(), await opened(world)
    texts = ["He", "Hell", "Hello", "Hello A", "Hello Ann"]
    await asyncio.gather(*(ben.type_in(form, "message", text) for text in texts))
    await world.clock.settle()
    assert "They will hear (9 characters, about 1 second):" in shown(world, form)
    assert typed(form, "message") == "Hello Ann"


async def test_errors_stand_at_their_fields_and_the_words_stay(world: World) -> None:
    """Three fields are wrong: each says so itself; Ben mends them and the call is made."""
    await world.start_bot()
    ben, form = world.person(), await opened(world)
    wrong = {
        "to": "4155550123",
        "message": "Hello {{name}}",
        "keypad": "one Confirm",
        "voice": "en-female-1",
    }
    sent = await ben.submit(form, wrong)
    assert not sent.is_closed
    assert set(sent.errors) == {"to", "variables", "keypad"}
    assert "country" in sent.errors["to"]
    assert "{{name}}" in sent.errors["variables"]
    assert [typed(form, name) for name in wrong] == list(wrong.values())
    await world.pass_time(60)
    assert world.rows() == []
    right = {"to": ANN, "variables": "name=Ann", "keypad": "1 Confirm"}
    assert (await ben.submit(form, right)).is_closed
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello Ann"]
    assert bodies(world)[0]["voice"] == "en-female-1"


async def test_a_typed_number_and_options_stand_in_the_form(world: World) -> None:
    """`/robocall` with a number but no message opens the form with what was typed."""
    await world.start_bot()
    form = await opened(world, f'{ANN} retries=2 at="in 30m" key="1 Yes: Fine" goal=1 name=Ann')
    assert typed(form, "to") == ANN
    assert typed(form, "keypad") == "1 Yes: Fine"
    assert typed(form, "variables") == "name=Ann"
    assert form.values[("retries", "value")]["selected_option"]["value"] == "2"
    assert form.values[("goal", "value")]["selected_option"]["value"] == "1"
    due = int((MONDAY_TEN + timedelta(minutes=30)).timestamp())
    assert form.values[("when", "value")]["selected_date_time"] == due
    assert (await world.person().submit(form, {"message": "Hello {{name}}"})).is_closed
    assert world.call()["due_at"] == "2026-11-23T10:30:00.000Z"
    assert world.line.posts == []


async def test_a_form_sent_twice_is_one_call(world: World) -> None:
    """Two clicks on Call, or Slack's own repetition, also after a restart: one call."""
    await world.start_bot()
    form = await opened(world)
    await world.person().submit(form, {"to": ANN, "message": "Hello"})
    (sent,) = delivered(world, "view_submission")
    for one in await asyncio.gather(*(redeliver(world, sent) for _ in range(3))):
        assert one.error is None
    await world.pass_time(30)
    await world.stop_bot()
    await world.start_bot()
    assert (await redeliver(world, sent)).error is None
    await world.pass_time(30)
    assert len(world.rows()) == 1
    assert len(world.line.posts) == 1
    keeps_the_promise(world)


async def test_two_forms_with_the_same_words_are_two_calls(world: World) -> None:
    """Filling in a form twice is no slip: nobody is asked whether they mean it."""
    await world.start_bot()
    for _ in range(2):
        form = await opened(world)
        assert (await world.person().submit(form, {"to": ANN, "message": "Hello"})).is_closed
    await world.pass_time(60)
    assert world.heard(ANN) == ["Hello", "Hello"]


@pytest.mark.parametrize("over_http", [False, True])
async def test_a_trigger_that_expired_gives_a_button_that_opens_the_form(
    world: World, over_http: bool
) -> None:
    """Slack opens no form after three seconds; Ben is told so and presses a button instead."""
    await world.start_bot(over_http=over_http)
    ben = world.person()
    world.slack.faults.plan("views.open", Fault.refused("expired_trigger_id"))
    answer = await world.command("")
    assert "Slack took too long to open the form. Press the button to open it." in answer
    assert world.workspace.views.top(ben.user_id) is None
    await ben.click(whispers(world)[-1], "Open the form")
    await world.clock.settle()
    assert (await ben.submit(ben.form(), {"to": ANN, "message": "Hello"})).is_closed
    await world.pass_time(30)
    assert world.heard(ANN) == ["Hello"]
    assert world.call()["channel"] == "C0FRONTDESK"
