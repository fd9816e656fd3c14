from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from typing import Any

from bot.sandbox.slack import Fault
from tests.support.slack_side import delivered, opened, reads, redeliver, requests, taken, whispers
from tests.support.voice_side import bodies
from tests.support.world import DESK, World

ANN = "+14155550130"
BEA = "+14155550131"


async def test_what_is_typed_in_any_client_rings_the_same_phone(world: World) -> None:
    """Curly quotes, long dashes and linked numbers are Slack's clients', not the person's."""
    await world.start_bot()
    numbers = (ANN, "+1 415 555 0130", "+1 (415) 555-0130")
    ways = list(itertools.product(numbers, (False, True), (False, True)))
    for count, (number, on_a_phone, links_numbers) in enumerate(ways):
        line = f'{number} "{count}: hello {{{{name}}}}" name="Ann Lee" key="1 Confirm: Thank you!"'
        await world.person().command(
            "/robocall", line, DESK, on_a_phone=on_a_phone, links_numbers=links_numbers
        )
        await world.pass_time(30)
        body = bodies(world)[-1]
        assert (body["phone_number"], body["message"]) == (ANN, f"{count}: hello {{{{name}}}}")
        assert body["variables"] == {"name": "Ann Lee"}
        assert body["dtmf_config"]["actions"]["1"]["response_message"] == "Thank you!"
    assert world.heard(ANN) == [f"{count}: hello Ann Lee" for count in range(len(ways))]


async def test_what_is_spoken_is_what_was_typed(world: World) -> None:
    """Slack's escapes, links and names are undone before anybody hears them."""
    await world.start_bot()
    messages = [
        "Tom & Ann: 5 < 6 > 4",
        "See https://example.com/a?b=c&d=e for more",
        "It's Ann's - isn't it?",
        "Write to @ben in #general",
        "Call +1 415 555 0199 back",
        "&amp; and &lt;b&gt; as typed",
        "Quotes “inside” stay ‘curly’",
    ]
    for message in messages:
        await world.person().command("/robocall", f"{ANN} {message}", DESK, links_numbers=True)
        await world.pass_time(30)
        assert world.call()["message"] == message
    assert world.heard(ANN) == messages


async def test_a_phones_typography_is_spoken_as_it_shows(world: World) -> None:
    """Outside of the grammar's own quotes a phone's curly ones are what the person sees."""
    await world.start_bot()
    await world.person().command("/robocall", f"{ANN} It's Ann - hello", DESK, on_a_phone=True)
    await world.pass_time(30)
    assert world.heard(ANN) == ["It’s Ann — hello"]


async def test_the_form_takes_text_as_it_is(world: World) -> None:
    """Forms are not escaped by Slack: an ampersand typed there is one ampersand."""
    await world.start_bot()
    form = await opened(world)
    message = "Tom & Ann <3 &amp; “you”"
    assert (await world.person().submit(form, {"to": ANN, "message": message})).is_closed
    await world.pass_time(30)
    assert world.heard(ANN) == [message]


# --- times in the reader's zone --------------------------------------------------------


async def test_a_time_is_read_in_the_persons_own_zone(world: World) -> None:
    """Half past six in Mumbai is one o'clock in UTC; the answer says so in words."""
    await world.start_bot()
    await world.command("list", who="priya")
    answer = await world.command(f'{ANN} Hello at="18:30"', who="priya")
    assert "I will call +1 ••• ••• 0130 today, Mon 23 Nov 2026 at 18:30" in answer
    assert "(Asia/Kolkata, UTC+05:30)" in answer
    assert world.call()["due_at"] == "2026-11-23T13:00:00.000Z"


async def test_everybody_reads_times_in_their_own_zone(world: World) -> None:
    """One card: Priya reads half past six, Ben one o'clock."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="2026-11-23T13:00Z"', who="priya")
    assert "today at 6:30 PM" in world.thread(who="priya")
    assert "today at 13:00" in world.thread(who="ben")
    assert "2026-11-23 13:00 UTC" in world.card().text


async def test_a_strangers_time_waits_for_their_zone(world: World) -> None:
    """The acknowledgement waits for nothing; the answer follows when Slack has told the zone."""
    await world.start_bot()
    answer = await world.command(f'{ANN} Hello at="18:30"', who="priya")
    assert "One moment: I am looking up your time zone." in answer
    assert "at 18:30 (Asia/Kolkata, UTC+05:30)" in answer
    assert world.call()["due_at"] == "2026-11-23T13:00:00.000Z"
    again = await world.command(f'{ANN} Hello again at="18:45"', who="priya")
    assert "One moment" not in again


async def test_a_strangers_wrong_time_is_answered_too(world: World) -> None:
    """What turns out wrong later is told later, with the line given back."""
    await world.start_bot()
    answer = await world.command(f'{ANN} Hello at="25:00"', who="priya")
    assert "when: There is no such time." in answer
    assert f'/robocall {ANN} Hello at="25:00"' in answer
    assert world.rows() == []


async def test_a_strangers_answer_looks_like_any_other(world: World) -> None:
    """It comes later, but the channel is a channel, the words are inert, and buttons are there."""
    await world.start_bot()
    answer = await world.command(f'{ANN} Tom & <b> at="18:30"', who="priya")
    assert "You can watch it in #front-desk" in answer
    await world.stop_bot()
    world.database.unlink()
    await world.start_bot()
    wrong = await world.command(f'{BEA} Tom & <b> at="soonish"', who="priya")
    assert f'/robocall {BEA} Tom & <b> at="soonish"' in wrong
    assert "*" not in wrong


async def test_a_time_is_never_guessed(world: World) -> None:
    """If Slack cannot tell the zone, a time on the person's clock is refused, with the cure."""
    await world.start_bot()
    world.slack.faults.plan("users.info", Fault.refused("fatal_error"), times=2)
    answer = await world.command(f'{ANN} Hello at="18:30"', who="priya")
    assert "I cannot see your time zone. Write in 30m, or add the offset" in answer
    assert world.rows() == []
    form = await opened(world, f'{ANN} at="18:30"', who="priya")
    assert form.values[("when", "value")]["selected_date_time"] is None
    answer = await world.command(f'{ANN} Hello at="18:30"', who="priya")
    assert "(Asia/Kolkata, UTC+05:30)" in answer


async def test_a_command_that_waits_for_a_zone_survives_a_restart(world: World) -> None:
    """The bot stops before Slack has told the zone: the next start finishes the command, once."""
    bot = await world.start_bot()
    world.slack.faults.plan("users.info", Fault.hang())
    told = await world.person("priya").command("/robocall", f'{ANN} Hello at="15:35"', DESK)
    assert told is not None
    assert told.error is None
    await world.workspace.until(lambda: requests(world, "users.info"))
    assert await bot.parts.tasks.drain(0) > 0  # as a stop does with what takes too long
    await world.stop_bot()
    assert world.rows() == []
    await world.start_bot()
    await world.workspace.until(lambda: len(whispers(world, "priya")) > 1)
    assert world.call()["due_at"] == "2026-11-23T10:05:00.000Z"
    assert "at 15:35 (Asia/Kolkata" in reads(world, whispers(world, "priya")[-1], "priya")
    (command,) = delivered(world, "/robocall")
    await redeliver(world, command)
    await world.pass_time(330)
    assert len(world.rows()) == 1
    assert world.heard(ANN) == ["Hello"]


async def test_calls_that_are_due_do_not_wait_for_somebodys_zone(world: World) -> None:
    """Slack hangs at the start: what is due is dialled all the same."""
    bot = await world.start_bot()
    await world.command(f'{ANN} Hello at="in 5m"')
    world.slack.faults.plan("users.info", Fault.hang(), times=2)
    await world.person("priya").command("/robocall", f'{BEA} Hello at="18:30"', DESK)
    await world.workspace.until(lambda: len(requests(world, "users.info")) > 1)
    await bot.parts.tasks.drain(0)
    await world.stop_bot()
    await world.pass_time(300)
    starting = asyncio.ensure_future(world.start_bot())
    await world.workspace.until(lambda: "Ringing" in str(requests(world, "chat.postMessage")))
    assert [body["phone_number"] for body in bodies(world)] == [ANN]
    world.slack.release_hanging()
    await starting


async def test_the_form_shows_the_persons_zone(world: World) -> None:
    """The picker's hint names it, from the second form on."""
    await world.start_bot()
    form = await opened(world, who="priya")
    hints = [block["hint"]["text"] for block in form.blocks if block.get("block_id") == "when"]
    assert hints == ["In your own time zone. Empty: now"]
    form = await opened(world, who="priya")
    hints = [block["hint"]["text"] for block in form.blocks if block.get("block_id") == "when"]
    assert hints == ["In your own time zone (Asia/Kolkata). Empty: now"]


async def test_who_moves_is_read_in_the_new_zone(world: World) -> None:
    """Slack tells of the change; the next time is read where the person is now."""
    await world.start_bot()
    await world.command("list", who="priya")
    moved = _in_london(world)
    world.person().deliveries.send_event({"type": "user_change", "user": moved})
    await taken(world)
    answer = await world.command(f'{ANN} Hello at="18:30"', who="priya")
    assert "(Europe/London, UTC+00:00)" in answer


def _in_london(world: World) -> dict[str, Any]:
    priya = replace(world.workspace.person("priya"), tz="Europe/London")
    world.workspace.people[priya.user_id] = priya
    return priya.to_user(world.clock.now())
