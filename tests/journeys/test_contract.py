from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tests.support.voice_side import bodies, keeps_the_promise, stands
from tests.support.world import ANSWERS_AND_PRESSES_1, DESK, KEY, MONDAY_TEN, World

ANN = "+14155550130"
OUR_LINE = "+14155550199"
TOKEN = r"[0-9a-f]{8}\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{22}"
HANDED_OVER: dict[str, Any] = {"voice_scheduling": "service", "voice_retries": "service"}

FULL_COMMAND = (
    f'{ANSWERS_AND_PRESSES_1} "Hello {{{{name}}}}, see you at {{{{time}}}}. Press 1 or 2."'
    ' name=Ann time="2:30 PM" voice=en-male-2 language=en-GB'
    f' caller_id={OUR_LINE} at="in 2m" retries=2 retry_delay=7'
    ' key="1 Confirm: Thank you!" key="2 Cancel" goal=1'
)
FULL_FORM: dict[str, Any] = {
    "to": ANSWERS_AND_PRESSES_1,
    "message": "Hello {{name}}, see you at {{time}}. Press 1 or 2.",
    "variables": "name=Ann\ntime=2:30 PM",
    "voice": "en-male-2",
    "language": "en-GB",
    "caller_id": OUR_LINE,
    "when": MONDAY_TEN + timedelta(minutes=2),
    "retries": "2",
    "retry_delay": "7",
    "keypad": "1 Confirm: Thank you!\n2 Cancel",
    "goal": "1",
}


def the_whole_contract(world: World) -> dict[str, Any]:
    """Every field of `POST /call` but the recording, as the full command and form mean it."""
    body = bodies(world)[-1]
    token = re.fullmatch(
        rf"{re.escape(world.hooks.url)}/voice/events/({TOKEN})", body["callback_url"]
    )
    assert token
    keys = f"{world.hooks.url}/voice/keys/{token[1]}"
    return {
        "phone_number": ANSWERS_AND_PRESSES_1,
        "message": "Hello {{name}}, see you at {{time}}. Press 1 or 2.",
        "voice": "en-male-2",
        "caller_id": OUR_LINE,
        "language": "en-GB",
        "retry_count": 2,
        "retry_delay": 7,
        "callback_url": body["callback_url"],
        "schedule_at": "2026-11-23T10:02:00Z",
        "variables": {"name": "Ann", "time": "2:30 PM"},
        "dtmf_config": {
            "enabled": True,
            "timeout": 10,
            "max_digits": 1,
            "actions": {
                "1": {
                    "action": "webhook",
                    "url": f"{keys}/1",
                    "response_message": "Thank you!",
                },
                "2": {"action": "webhook", "url": f"{keys}/2"},
            },
        },
    }


async def send_form(world: World, values: dict[str, Any]) -> None:
    """Open the form with `/robocall`, choose what to play first, fill in the rest, send it."""
    ben = world.person("ben")
    await ben.command("/robocall", "", DESK)
    await world.clock.settle()
    if "say" in values:
        await ben.choose(ben.form(), "say", values["say"])
        await world.clock.settle()
    sent = await ben.submit(ben.form(), values)
    assert sent.errors == {}
    await world.clock.settle()


async def is_heard_and_answered(world: World) -> None:
    """The call comes at its time and does what its fields say."""
    await world.pass_time(180)
    assert stands(world) == ("ended", "answered")
    heard = ["Hello Ann, see you at 2:30 PM. Press 1 or 2.", "Thank you!"]
    assert world.heard(ANSWERS_AND_PRESSES_1) == heard
    assert (world.call()["digit"], world.call()["goal_met"]) == ("1", 1)
    keeps_the_promise(world)


async def test_a_full_command_sends_every_field(world: World) -> None:
    """One line of text, every field of the contract, and nothing else."""
    await world.start_bot(**HANDED_OVER)
    await world.command(FULL_COMMAND)
    assert bodies(world) == [the_whole_contract(world)]
    await is_heard_and_answered(world)


async def test_a_full_form_sends_every_field(world: World) -> None:
    """The same from the form."""
    await world.start_bot(**HANDED_OVER)
    await send_form(world, FULL_FORM)
    assert bodies(world) == [the_whole_contract(world)]
    await is_heard_and_answered(world)


async def test_what_the_bot_holds_itself_is_not_sent(world: World) -> None:
    """With its own clock and its own retries the bot sends neither time nor delay."""
    await world.start_bot()
    await world.command(FULL_COMMAND)
    assert world.line.posts == []
    await world.pass_time(120)
    expected = the_whole_contract(world)
    del expected["schedule_at"], expected["retry_delay"]
    assert bodies(world) == [expected | {"retry_count": 0}]
    await is_heard_and_answered(world)


async def test_a_recording_is_sent_in_place_of_the_message(world: World) -> None:
    """From the line and from the form: audio_url, and no message."""
    await world.start_bot()
    url = "https://example.com/reminder.mp3"
    await world.command(f"{ANN} audio={url}")
    await send_form(world, {"to": ANSWERS_AND_PRESSES_1, "say": "audio", "audio_url": url})
    for body, number in zip(bodies(world), (ANN, ANSWERS_AND_PRESSES_1), strict=True):
        assert set(body) == {"phone_number", "audio_url", "callback_url", "retry_count"}
        assert (body["phone_number"], body["audio_url"]) == (number, url)
    await world.pass_time(60)
    assert world.heard(ANN) == [url]
    assert {call["audio_url"] for call in world.rows()} == {url}
    keeps_the_promise(world)


async def test_every_request_carries_the_key_and_its_own_address(world: World) -> None:
    """Bearer, JSON, a connection of its own; each request has an address nobody had before."""
    await world.start_bot()
    await world.command(f"{ANN} Hello")
    await world.command("+14155550131 Hello")
    first, second = world.line.posts
    for request in (first, second):
        assert request.path == "/api/v1/voice-bot/call"
        assert request.headers["Authorization"] == f"Bearer {KEY}"
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Connection"] == "close"
    one, other = (body["callback_url"] for body in bodies(world))
    assert one != other
    await world.pass_time(30)
    keeps_the_promise(world)


async def test_what_was_typed_is_what_is_logged(world: World) -> None:
    """The row of the call says what was asked for and what came of it, in UTC."""
    await world.start_bot()
    await world.command(FULL_COMMAND)
    await world.pass_time(240)
    call = world.call()
    asked_for = ("phone_number", "message", "requested_by", "channel", "thread_ts")
    assert [call[name] for name in asked_for] == [
        ANSWERS_AND_PRESSES_1,
        "Hello {{name}}, see you at {{time}}. Press 1 or 2.",
        world.workspace.person("ben").user_id,
        world.workspace.channel(DESK).channel_id,
        world.card().ts,
    ]
    times = [call[f"{name}_at"] for name in ("created", "due", "placed", "answered", "ended")]
    assert times == sorted(times)
    assert times[:3] == [f"2026-11-23T10:{at}.000Z" for at in ("00:00", "02:00", "02:00")]
    assert call["duration"] == world.voice.service.get(call["voice_call_id"]).duration
    keeps_the_promise(world)
