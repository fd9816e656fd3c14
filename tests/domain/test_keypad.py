from __future__ import annotations

import pytest

from bot.domain.call import KeyOption
from bot.domain.errors import InvalidRequest
from bot.domain.keypad import checked_goal, checked_keys, defined_digits, keys_asked_for, read_key

KEYS = (KeyOption(digit="1", label="Confirm"), KeyOption(digit="*", label="Stop"))


@pytest.mark.parametrize(
    ("line", "digit", "label", "reply"),
    [
        ("1 Confirm: Thank you!", "1", "Confirm", "Thank you!"),
        ("  2   Move it ", "2", "Move it", ""),
        ("3. Come: see: you", "3", "Come", "see: you"),
        ("4) Later:Goodbye", "4", "Later", "Goodbye"),
        ("5: Come at 10:30: See you", "5", "Come at 10:30", "See you"),
        ("6 Come at 10:30", "6", "Come at 10:30", ""),
        ("# Stop: ", "#", "Stop", ""),
        ("0 Hi\x07: {{name}}, bye", "0", "Hi", "{{name}}, bye"),
        ("7 " + "x" * 40 + ": " + "y" * 500, "7", "x" * 40, "y" * 500),
    ],
)
def test_a_key_is_digit_label_and_reply(line: str, digit: str, label: str, reply: str) -> None:
    """The colon of a time does not end the label."""
    assert read_key(line) == KeyOption(digit=digit, label=label, reply=reply)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Confirm", "cannot read “Confirm”"),
        ("12 Confirm", "cannot read"),
        ("1", "cannot read"),
        ("1Confirm", "cannot read"),
        ("A Confirm", "cannot read"),
        ("1 : Thank you", "no label"),
        ("1 " + "x" * 41, "label of key 1 is too long"),
        ("1 Yes: " + "y" * 501, "reply of key 1 is too long"),
        ("1 Yes: {{na me}}", "stray"),
    ],
)
def test_a_line_that_is_no_key_is_refused(line: str, reason: str) -> None:
    """The answer shows the line or names the key."""
    with pytest.raises(InvalidRequest) as refused:
        read_key(line)
    assert reason in refused.value.problems["keypad"]
    assert len(refused.value.problems["keypad"]) <= 150


def test_blank_lines_do_not_count() -> None:
    """A form ends with empty lines easily."""
    assert checked_keys(["1 Confirm", " ", "", "* Stop"]) == KEYS


def test_a_key_has_one_meaning() -> None:
    """The same digit twice is a mistake."""
    with pytest.raises(InvalidRequest, match="Key 1 is there twice"):
        checked_keys(["2 No", "1 Confirm", "1 Cancel"])


@pytest.mark.parametrize(
    ("goal", "keys", "meant"),
    [
        ("", (), "answered"),
        (" Answered ", None, "answered"),
        ("Any key", KEYS, "any_key"),
        ("any_key", None, "any_key"),
        ("1", KEYS, "1"),
        ("*", KEYS, "*"),
        ("7", None, "7"),
    ],
)
def test_a_goal_that_can_be_met(goal: str, keys: tuple[KeyOption, ...] | None, meant: str) -> None:
    """Keys that are wrong themselves say nothing about the goal."""
    assert checked_goal(goal, keys) == meant


@pytest.mark.parametrize(
    ("goal", "keys", "reason"),
    [
        ("success", KEYS, "The goal is answered, any_key"),
        ("12", KEYS, "The goal is"),
        ("any_key", (), "No key is defined"),
        ("2", KEYS, "Key 2 is not defined"),
        ("1", (), "Key 1 is not defined"),
    ],
)
def test_a_goal_that_cannot_be_met_is_refused(
    goal: str, keys: tuple[KeyOption, ...], reason: str
) -> None:
    """Otherwise every call would count as failed."""
    with pytest.raises(InvalidRequest) as refused:
        checked_goal(goal, keys)
    assert reason in refused.value.problems["goal"]


@pytest.mark.parametrize(
    ("message", "digits"),
    [
        ("Your table is ready", ()),
        ("Order 2 or 3", ()),
        ("Press 1 to confirm your appointment, or press 2 to cancel.", ("1", "2")),
        ("Press 1 to confirm or 2 to reschedule.", ("1", "2")),
        ("To stop, press the star key", ("*",)),
        ("Press star to stop", ("*",)),
        ("Press one, two or three.", ("1", "2", "3")),
        ("press 1. Your order is 3 pizzas and 2 drinks", ("1",)),
        ("press 12", ()),
    ],
)
def test_the_keys_that_a_message_asks_for(message: str, digits: tuple[str, ...]) -> None:
    """Good enough for a hint, in English."""
    assert keys_asked_for(message) == digits


def test_digits_of_readable_lines_only() -> None:
    """A preview is shown while somebody is still typing."""
    assert defined_digits(["1 Confirm", "2", "x", "# Stop: bye"]) == {"1", "#"}
