from __future__ import annotations

import re

import pytest

from tests.support.slack_side import reads, whispers
from tests.support.world import ANSWERS_AND_PRESSES_1, BUSY, BY_HAND, World

ANN = "+14155550130"


async def test_status_tells_how_a_call_stands(world: World) -> None:
    """By our id, with or without #, and by the voice service's: the same call, number masked."""
    await world.start_bot()
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello key="1 Confirm" goal=1')
    await world.pass_time(2)
    assert "Call to +1 ••• ••• 0101 is ringing" in await world.command("status 1")
    await world.pass_time(60)
    service_id = world.call()["voice_call_id"]
    for ref in ("1", "#1", service_id):
        told = await world.command(f"status {ref}")
        assert "Call to +1 ••• ••• 0101 was answered" in told
        assert "only visible to you" in told
        assert ANSWERS_AND_PRESSES_1 not in told


@pytest.mark.parametrize("command", ["status 99", "cancel 99", "status robo_nothing"])
async def test_an_unknown_call_is_said_to_be_unknown(world: World, command: str) -> None:
    """And where to find the ids of one's calls."""
    await world.start_bot()
    answer = await world.command(command)
    assert f"I know no call {command.split()[1]}. /robocall list shows your calls" in answer


async def test_cancel_by_line(world: World) -> None:
    """A waiting call will not ring; cancelling it once more tells how it stands."""
    await world.start_bot()
    await world.command(f'{ANN} Hello at="in 4m"')
    assert "Cancelled: it will not ring." in await world.command("cancel 1")
    await world.pass_time(5)
    assert "Call to +1 ••• ••• 0130 was cancelled" in world.thread()
    assert "Already settled." in await world.command("cancel #1")
    await world.pass_time(300)
    assert world.line.posts == []


async def test_lists_are_ones_own_and_an_admin_sees_all(world: World) -> None:
    """Ben sees his, Priya hers, Ana both, with who asked; each list holds its own states."""
    await world.start_bot()
    await world.command(f"{BUSY} Hello", who="ben")
    await world.pass_time(20)
    await world.command(f'{ANN} Hello at="in 30m"', who="ben")
    await world.command(f"{BY_HAND} Hello", who="priya")
    await world.pass_time(2)
    mine = await world.command("list", who="ben")
    assert "Your calls, newest first" in mine
    assert ids_in(mine) == [2, 1]
    assert ids_in(await world.command("list", who="priya")) == [3]
    everybodys = await world.command("list", who="ana")
    assert "All calls, newest first" in everybodys
    assert ids_in(everybodys) == [3, 2, 1]
    assert "asked for by @Priya Nair" in everybodys
    assert ids_in(await world.command("list scheduled", who="ana")) == [2]
    assert ids_in(await world.command("list active", who="ana")) == [3]
    assert ids_in(await world.command("list done", who="ana")) == [1]
    assert "There are no waiting calls." in await world.command("list scheduled", who="priya")


async def test_long_lists_come_page_by_page(world: World) -> None:
    """25 calls: ten, ten and five, each once, newest first."""
    await world.start_bot()
    await world.command("list")
    for number in range(25):
        await world.command(f'+1415555{100 + number:04d} Hello at="in 30m"')
    seen = ids_in(await world.command("list scheduled"))
    assert seen == list(range(25, 15, -1))
    for page in (range(15, 5, -1), range(5, 0, -1)):
        await world.person().click(whispers(world)[-1], "Older calls")
        await world.clock.settle()
        assert ids_in(reads(world, whispers(world)[-1])) == list(page)
    assert "Older calls" not in reads(world, whispers(world)[-1])


def ids_in(told: str) -> list[int]:
    """The ids of the calls of a list."""
    return [int(found) for found in re.findall(r"• (\d+)  Call to", told)]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("help", "/robocall +14155550123 Your table is ready"),
        ("HELP", "One request rings one phone at most once"),
        ("help call", 'at           when: 18:30, "tomorrow 9:00"'),
        ("help list", "/robocall list scheduled"),
        ("help status", "How is a call?"),
        ("help cancel", "Stop a call"),
        ("help everything", "After “help” comes call, campaign, list, status or cancel"),
        ("campaign", "Calling a whole list comes with the next version"),
    ],
)
async def test_help_is_for_one_reader(world: World, command: str, words: str) -> None:
    """Every topic answers, only to who asked, from nothing but the acknowledgement."""
    await world.start_bot()
    answer = await world.command(command)
    assert "only visible to you" in answer
    assert words in answer
    assert world.rows() == []


@pytest.mark.parametrize(("who", "sees"), [("ben", True), ("ana", True), ("priya", False)])
async def test_details_show_the_number_to_those_who_may(world: World, who: str, sees: bool) -> None:
    """Ben asked, Ana is an admin, Priya is neither; the timeline and the ids are for all."""
    await world.start_bot()
    await world.command(f'{ANSWERS_AND_PRESSES_1} Hello key="1 Confirm: Thank you!" retries=1')
    await world.pass_time(60)
    details = await world.click("Details", who=who)
    assert "only visible to you" in details
    assert (ANSWERS_AND_PRESSES_1 in details) == sees
    assert ("Number: +1 ••• ••• 0101" in details) != sees
    assert f"call 1, at the voice service {world.call()['voice_call_id']}" in details
    for words in ("Attempts", "Timeline", "(webhook) Answered.", "(webhook) Pressed 1: Confirm."):
        assert words in details
    assert ANSWERS_AND_PRESSES_1 not in world.thread()
