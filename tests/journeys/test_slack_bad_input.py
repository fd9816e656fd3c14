from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.support.slack_side import opened, typed
from tests.support.world import MONDAY_TEN, World

ANN = "+14155550130"
LONG = "Come now. " * 1000

NUMBERS = {
    "no number at all": ("+hello", "This is not a phone number."),
    "an extension": ("+14155550123x89", "I cannot dial extensions."),
    "an emergency number": ("911", "I never call emergency numbers or short codes."),
    "a short code": ("+140404", "I never call emergency numbers or short codes."),
    "an impossible number": ("+11234567890", "No such number can exist in its country"),
    "too few digits": ("+1415555012", "This number has too few digits."),
    "no country code": ("4155550123", "The country is missing."),
    "premium rate": ("+19005550123", "This is a premium-rate number"),
}

LINES = {
    **{name: (f"{number} Hello", "to", why) for name, (number, why) in NUMBERS.items()},
    "own caller id": (f"{ANN} Hello caller_id={ANN}", "to", "This is the caller id itself"),
    "a message too long": (f"{ANN} {LONG}", "message", "9,999 characters long; the limit is 3,000"),
    "message and audio": (
        f"{ANN} Hello audio=https://example.com/a.mp3",
        "audio_url",
        "Choose one: a message to speak or a recording to play, not both.",
    ),
    "audio without https": (
        f"{ANN} audio=http://example.com/a.mp3",
        "audio_url",
        "must begin with https://",
    ),
    "an unfilled placeholder": (f"{ANN} Hello {{{{name}}}}", "variables", "Nothing fills {{name}}"),
    "an unused variable": (f"{ANN} Hello name=Ann", "variables", "There is no {{name}}"),
    "an unknown option": (f"{ANN} Hello retires=2", "variables", "did you mean retries=?"),
    "a time in the past": (f'{ANN} Hello at="2026-11-22T10:00Z"', "when", "This time has passed."),
    "a time without meaning": (f"{ANN} Hello at=soonish", "when", "I cannot read this time."),
    "too many retries": (f"{ANN} Hello retries=9", "retries", "Choose 0 to 3"),
    "a key that is none": (f'{ANN} Hello key="A Confirm"', "keypad", "I cannot read “A Confirm”."),
    "the same key twice": (
        f'{ANN} Hello key="1 Yes" key="1 No"',
        "keypad",
        "Key 1 is there twice.",
    ),
    "a delay that is none": (f"{ANN} Hello retry_delay=soon", "retry_delay", "whole minutes"),
    "a goal nobody can meet": (f"{ANN} Hello goal=3", "goal", "Key 3 is not defined."),
}

FORMS: dict[str, tuple[dict[str, Any], str, str]] = {
    **{name: ({"to": number}, "to", why) for name, (number, why) in NUMBERS.items()},
    "own caller id": ({"caller_id": ANN}, "to", "This is the caller id itself"),
    "an empty message": ({"message": " \n "}, "message", "What shall I say?"),
    "nothing to speak": ({"message": "…"}, "message", "There is nothing to speak in this."),
    "filled beyond the limit": (
        {"message": "{{a}}{{a}}", "variables": "a=" + "b" * 2000},
        "message",
        "4,000 characters long; the limit is 3,000",
    ),
    "an unfilled placeholder": ({"message": "Hi {{name}}"}, "variables", "Nothing fills {{name}}"),
    "an unused variable": ({"variables": "name=Ann"}, "variables", "There is no {{name}}"),
    "a variable that is none": ({"variables": "Ann"}, "variables", "Write each variable once"),
    "a time in the past": (
        {"when": MONDAY_TEN - timedelta(minutes=2)},
        "when",
        "This time has passed.",
    ),
    "a time too far away": (
        {"when": MONDAY_TEN + timedelta(days=366)},
        "when",
        "more than a year away",
    ),
    "a key that is none": ({"keypad": "A Confirm"}, "keypad", "I cannot read “A Confirm”."),
    "the same key twice": ({"keypad": "1 Yes\n1 No"}, "keypad", "Key 1 is there twice."),
    "a goal nobody can meet": ({"goal": "3"}, "goal", "Key 3 is not defined."),
    "a voice that is none": ({"voice": "Ann's voice"}, "voice", "Write the voice by its id"),
    "a language that is none": ({"language": "English!"}, "language", "by its code"),
    "retries after nothing": ({"retries": "2", "retry_on": []}, "retries", "Choose after which"),
}

NO_MEANING = {
    "an unclosed quote": (f'{ANN} "Hello there', "A quote is not closed."),
    "an option twice": (f"{ANN} Hello retries=1 retries=2", "retries= is there twice"),
    "half a time": (f"{ANN} Hello at=9:00 pm", 'at="9:00 pm"'),
    "an option without value": (f"{ANN} Hello at=", "at= has no value"),
    "a word we do not know": ("lst", "Did you mean “list”?"),
    "no such list": ("list everything", "After “list” comes scheduled, active or done"),
    "no id": ("cancel", "Which call? Write its id"),
    "an id that is none": ("status one two", "Which call? Write its id"),
}


def nothing_happened(world: World) -> None:
    """Nothing is stored, nothing is dialled, nobody else reads of it."""
    assert world.rows() == []
    assert world.rows("event_log") == []
    assert world.line.seen == []
    assert world.cards() == []


async def test_a_wrong_line_is_answered_and_given_back(world: World) -> None:
    """Only Ben reads what is wrong, at which field, and the line he typed, ready to be mended."""
    await world.start_bot()
    await world.command("list")  # from now on Ben's time zone is known
    for name, (line, field, why) in LINES.items():
        answer = await world.command(line)
        assert "only visible to you" in answer, name
        assert "Nothing was dialled. Please put this right:" in answer, name
        assert f"{field}: " in answer, name
        assert why in answer, name
        assert f"/robocall {line}"[:200] in answer, name
    await world.pass_time(60)
    nothing_happened(world)


async def test_a_line_without_meaning_is_explained(world: World) -> None:
    """What does not parse is answered with how to write it."""
    await world.start_bot()
    for name, (line, why) in NO_MEANING.items():
        answer = await world.command(line)
        assert "only visible to you" in answer, name
        assert why in answer, name
        assert f"/robocall {line}" in answer, name
    await world.pass_time(60)
    nothing_happened(world)


async def test_a_wrong_field_says_so_and_keeps_its_words(world: World) -> None:
    """The form stays open, the error stands under its field, and what was typed is still there."""
    await world.start_bot()
    for name, (wrong, field, why) in FORMS.items():
        form = await opened(world)
        values = {"to": ANN, "message": "Hello", **wrong}
        sent = await world.person().submit(form, values)
        assert (sent.is_closed, sent.trouble) == (False, None), name
        assert set(sent.errors) == {field}, name
        assert why in sent.errors[field], name
        kept = typed(form, "to"), typed(form, "message")
        assert kept == (values["to"], values["message"]), name
    await world.pass_time(60)
    nothing_happened(world)


async def test_a_wrong_recording_says_so_at_its_field(world: World) -> None:
    """The address of a recording is checked before anything is stored."""
    await world.start_bot()
    ben, form = world.person(), await opened(world)
    await ben.choose(form, "say", "audio")
    await world.clock.settle()
    for address, why in {
        "http://example.com/a.mp3": "must begin with https://",
        "example": "This is no web address.",
        "https://user:secret@example.com/a.mp3": "holds a user name or password",
        " ": "Where is the recording?",
    }.items():
        sent = await ben.submit(form, {"to": ANN, "audio_url": address})
        assert set(sent.errors) == {"audio_url"}
        assert why in sent.errors["audio_url"]
        assert typed(form, "audio_url") == address
    nothing_happened(world)


async def test_slack_itself_keeps_what_is_not_even_a_number(world: World) -> None:
    """10,000 characters, 9 retries or a delay in words cannot be entered into the form at all."""
    await world.start_bot()
    ben, form = world.person(), await opened(world)
    sent = await ben.submit(form, {"to": ANN, "message": LONG, "retry_delay": "99999"})
    assert set(sent.errors) == {"message", "retry_delay"}
    assert sent.exchange is None
    with pytest.raises(LookupError):
        ben.fill(form, {"retries": "9"})
    nothing_happened(world)


async def test_everything_wrong_is_told_at_once(world: World) -> None:
    """Ben mends a line once, not five times."""
    await world.start_bot()
    answer = await world.command('911 Hello {{name}} retries=9 key="A" goal=3')
    for field in ("to", "retries", "keypad", "variables"):
        assert f"{field}: " in answer
    nothing_happened(world)


@pytest.mark.parametrize("region", ["US", "GB"])
async def test_a_number_without_plus_is_read_in_the_default_region(
    world: World, region: str
) -> None:
    """Where a region is set, its people may leave the country code out."""
    await world.start_bot(robocall_default_region=region)
    local, whole = {
        "US": ("415 555 0130", "+14155550130"),
        "GB": ("07700 900130", "+447700900130"),
    }[region]
    await world.command(f"{local} Hello")
    await world.pass_time(30)
    assert world.call()["phone_number"] == whole
    assert len(world.line.posts) == 1
