from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.call import Call
from bot.domain.call_state import CallState
from bot.domain.result import Result
from bot.slack.card import call_card, call_status
from bot.slack.ids import button_value, read_button_value
from tests.slack.examples import ANN, MASKED, NOW, NUMBER, RUDE, a_call, an_ended_call
from tests.slack.looks import buttons, looks_like, read_aloud, slack_takes

S = CallState
EARLIER = NOW - timedelta(seconds=20)

CARDS = {
    "awaiting_approval": a_call(S.AWAITING_APPROVAL),
    "scheduled": a_call(S.SCHEDULED, due_at=NOW + timedelta(hours=2), attempt_id=None),
    "scheduled_retry": a_call(
        S.SCHEDULED, attempts=1, retries_left=1, wait_reason="retry", request={"retries": 2}
    ),
    "queued": a_call(S.QUEUED, wait_reason="the plan allows 10 calls a minute"),
    "dialing": a_call(S.DIALING, request={"retries": 2}),
    "placed": a_call(S.PLACED, attempts=1, placed_at=EARLIER),
    "kept_by_service": a_call(S.PLACED, attempts=1, placed_at=EARLIER, due_at=NOW + timedelta(1)),
    "cancelling": a_call(S.PLACED, attempts=1, placed_at=EARLIER, cancel_requested_at=NOW),
    "in_progress": a_call(
        S.IN_PROGRESS, attempts=2, placed_at=EARLIER, digits="1", request={"retries": 2}
    ),
    "unconfirmed": a_call(S.UNCONFIRMED, attempts=1),
    "held": a_call(S.UNCONFIRMED, attempts=1, held_at=NOW),
    "answered": an_ended_call("answered", digits="1", duration=25, goal_met=True),
    "goal_missed": an_ended_call(
        "answered", duration=9, goal_met=False, request={"goal": "any_key"}
    ),
    "other_key": an_ended_call(
        "answered", digits="2", duration=9, goal_met=False, request={"goal": "1"}
    ),
    "own_word": an_ended_call("abducted <!here>", goal_met=False),
    "any_key": a_call(request={"goal": "any_key"}),
    "key_one": a_call(request={"goal": "1"}),
    "recording": a_call(request={"message": "", "audio_url": "https://example.com/a.mp3"}),
    **{f"ended_{result}": an_ended_call(result, goal_met=False) for result in Result},
}


@pytest.mark.parametrize("name", CARDS)
def test_every_card_is_taken_by_slack_and_looks_as_kept(name: str) -> None:
    """One picture per state and result, in tests/data/blocks."""
    card = slack_takes(call_card(CARDS[name], now=NOW))
    looks_like(f"card_{name}", card.payload())


@pytest.mark.parametrize("name", CARDS)
def test_no_card_shows_the_number_and_every_text_is_a_sentence(name: str) -> None:
    """Channels see the masked number; a screen reader hears status, who and when."""
    card = call_card(CARDS[name], now=NOW)
    assert NUMBER not in str(card.payload())
    assert MASKED in card.text
    assert f"<@{ANN}>" in card.text
    assert "<!date^" in card.text
    assert card.text.endswith(".")


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("scheduled", ["Cancel call", "Details"]),
        ("queued", ["Cancel call", "Details"]),
        ("dialing", ["Cancel call", "Details"]),
        ("placed", ["Cancel call", "Details"]),
        ("cancelling", ["Details"]),
        ("in_progress", ["Details"]),
        ("unconfirmed", ["Details"]),
        (
            "held",
            ["Call again (may ring twice)", "It was made", "It was not made", "Details"],
        ),
        ("answered", ["Call again", "Details"]),
    ],
)
def test_the_buttons_are_those_that_mean_something_now(name: str, labels: list[str]) -> None:
    """What cannot be done is not offered."""
    assert buttons(call_card(CARDS[name], now=NOW)) == labels


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scheduled", "waits for its time"),
        ("scheduled_retry", "waits to be tried again"),
        ("scheduled_retry", "Attempt: 1 of 3 made"),
        ("queued", "Waiting because: the plan allows 10 calls a minute"),
        ("dialing", "Attempt: 1 of 3"),
        ("placed", "is ringing"),
        ("kept_by_service", "is kept by the voice service until its time"),
        ("cancelling", "it is being cancelled"),
        ("in_progress", "Attempt: 2 of 3"),
        ("in_progress", "Pressed: 1 (Confirm)"),
        ("unconfirmed", "Not sure the call to"),
        ("unconfirmed", "We have not called again"),
        ("held", "say so below"),
        ("answered", "answered, 25 seconds. Goal met: pressed 1 (Confirm)."),
        ("goal_missed", "was answered, but nobody pressed a key"),
        ("other_key", "pressed 2 (Another day), not 1 (Confirm)"),
        ("own_word", "ended: “abducted <!here>”"),
        ("any_key", "Goal: any key is pressed"),
        ("key_one", "Goal: key 1 (Confirm) is pressed"),
        ("recording", "Recording: https://example.com/a.mp3"),
        ("ended_busy", "Result: busy. Goal not met."),
        ("ended_cancelled", "was cancelled"),
    ],
)
def test_the_card_says_how_the_call_stands(name: str, words: str) -> None:
    """In words, as a person would."""
    assert words in read_aloud(call_card(CARDS[name], now=NOW))


def test_the_message_is_shown_as_it_will_be_heard() -> None:
    """Placeholders are filled in."""
    assert "Hello Bo, your table is ready." in read_aloud(call_card(a_call(), now=NOW))


def test_rude_words_are_inert() -> None:
    """Neither the blocks nor the text can ping, link or mislead (S26)."""
    call = a_call(wait_reason=RUDE, request={"message": RUDE, "requested_by": ANN})
    card = slack_takes(call_card(call, now=NOW))
    assert {block["type"] for block in card.blocks} == {"rich_text", "actions"}
    assert "<!channel>" not in card.text
    assert "\u202e" not in str(card.payload())


def test_a_long_message_is_cut_and_says_how_long_it_is() -> None:
    """A wall of text would hide the state (S16)."""
    card = slack_takes(call_card(a_call(request={"message": "&" * 3000}), now=NOW))
    assert "(3,000 characters in all)" in read_aloud(card)
    assert len(card.text) < 1000


def test_a_status_offers_the_details_only() -> None:
    """The real card is in the channel; here it is looked at."""
    assert buttons(slack_takes(call_status(a_call(), now=NOW))) == ["Details"]


@pytest.mark.parametrize("call", [a_call(), a_call(attempt_id=None)])
def test_a_buttons_value_names_call_and_attempt(call: Call) -> None:
    """So that a click on an outdated card can be told, and no number stands in it."""
    assert read_button_value(button_value(call)) == (call.id, call.attempt_id)


@pytest.mark.parametrize("junk", ["", "x", "1:y", "1:2:3"])
def test_a_forged_value_is_refused(junk: str) -> None:
    """Values come back from clients: they are checked like any input."""
    with pytest.raises(ValueError, match="invalid literal"):
        read_button_value(junk)


def test_buttons_say_which_call_they_are_about() -> None:
    """A screen reader hears a specific label, and calling again is asked twice."""
    held = call_card(CARDS["held"], now=NOW).blocks[-1]["elements"]
    again: dict[str, Any] = held[0]
    assert again["accessibility_label"] == f"Call {MASKED} again, it may ring twice"
    assert "may be rung twice" in again["confirm"]["text"]["text"]
    cancel = call_card(a_call(), now=NOW).blocks[-1]["elements"][0]
    assert cancel["accessibility_label"] == f"Cancel the call to {MASKED}"
    assert cancel["confirm"]["deny"]["text"] == "Keep it"
