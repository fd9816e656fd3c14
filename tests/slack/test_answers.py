from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.call import Call
from bot.domain.call_state import CallState
from bot.domain.result import Result
from bot.domain.timeline import EventName
from bot.slack import answers
from bot.slack.blocks import Message
from bot.slack.details import MAX_ENTRIES, call_details
from bot.slack.help import PROMISE, help_text
from bot.slack.home import MAX_CALLS, home_view
from bot.slack.ids import read_older_value
from bot.slack.listing import call_list
from tests.slack.examples import (
    ANN,
    MASKED,
    NOW,
    NUMBER,
    RUDE,
    a_call,
    an_attempt,
    an_ended_call,
    an_event,
)
from tests.slack.looks import buttons, looks_like, read_aloud, slack_takes, slack_takes_view

LONDON = ZoneInfo("Europe/London")
STORY = [
    an_event(EventName.REQUESTED),
    an_event(EventName.ACCEPTED, attempt_no=1),
    an_event(EventName.KEY_PRESSED, digit="1", label="Confirm"),
]
TRIES = [
    an_attempt(result="busy", duration=0, voice_call_id="robo_abc", detail="put back"),
    an_attempt(id=35, attempt_no=2, digits="1"),
]


def details_of(call: Call, *, may_see_number: bool = True) -> str:
    """The words of the details, accepted by Slack."""
    message = call_details(
        call, events=STORY, attempts=TRIES, may_see_number=may_see_number, now=NOW
    )
    return read_aloud(slack_takes(message))


def test_details_tell_the_whole_story() -> None:
    """Timeline with times and sources, attempts, raw ids, the choices made."""
    call = an_ended_call(
        "answered",
        duration=25,
        goal_met=True,
        digits="1",
        voice_call_id="robo_def",
        request={
            "retries": 2,
            "voice": "en-female-1",
            "language": "en",
            "caller_id": "+14155550100",
        },
    )
    words = details_of(call)
    for part in (
        f"Number: {NUMBER}",
        "call 12, at the voice service robo_def",
        "2026-11-23 14:03 UTC (webhook) Pressed 1: Confirm.",
        "1: placed, 2026-11-23 14:03 UTC, busy, id robo_abc (put back)",
        "2: placed, 2026-11-23 14:03 UTC, pressed 1",
        "Retries: up to 2, after 5 minutes, on busy, no answer",
        "Keys: 1 (Confirm), 2 (Another day)",
        "Voice: en-female-1",
        "Hello Bo, your table is ready.",
    ):
        assert part in words
    looks_like(
        "details",
        call_details(call, events=STORY, attempts=TRIES, may_see_number=True, now=NOW).payload(),
    )


def test_the_number_is_for_the_requester_and_admins_only() -> None:
    """Everybody else sees it masked, here too."""
    words = details_of(a_call(), may_see_number=False)
    assert NUMBER not in words
    assert f"Number: {MASKED}" in words


def test_details_of_a_new_call_are_short() -> None:
    """No attempt yet, no timeline, no id of the voice service."""
    call = a_call(request={"retries": 1, "retry_delay": timedelta(0)})
    message = call_details(call, events=[], attempts=[], may_see_number=True, now=NOW)
    words = read_aloud(slack_takes(message))
    assert "at the voice service none yet" in words
    assert "up to 1, at once" in words
    assert "Timeline" not in words
    assert "Attempts" not in words


def test_a_long_timeline_shows_its_newest_entries() -> None:
    """It says that there are more; Slack takes it."""
    many = [an_event(EventName.OTHER, word="w" * 500)] * 200
    rude = a_call(request={"message": "&" * 3000})
    message = slack_takes(
        call_details(rude, events=many, attempts=TRIES * 40, may_see_number=True, now=NOW)
    )
    assert f"Timeline (the newest {MAX_ENTRIES} of 200)" in read_aloud(message)


def test_a_list_shows_each_call_in_one_line_and_goes_on() -> None:
    """The button carries which list and where it goes on."""
    calls = [a_call(id=13), an_ended_call("busy", goal_met=False)]
    page = slack_takes(call_list(calls, which="done", is_everybody=False, older_before=12, now=NOW))
    assert read_aloud(page).startswith("Your ended calls, newest first")
    assert f"13  Call to {MASKED} waits to be dialled, 2026-11-23 14:02 UTC" in read_aloud(page)
    assert NUMBER not in str(page.payload())
    older = page.blocks[-1]["elements"][0]
    assert read_older_value(older["value"]) == ("done", 12)
    looks_like("list", page.payload())


def test_admins_see_who_asked() -> None:
    """In everybody's list each call names its requester; the last page has no button."""
    page = slack_takes(
        call_list([a_call()], which="", is_everybody=True, older_before=None, now=NOW)
    )
    assert f"asked for by @{ANN}" in read_aloud(page)
    assert buttons(page) == []


def test_an_empty_list_says_what_to_do() -> None:
    """Nothing is never shown as nothing."""
    page = slack_takes(
        call_list([], which="scheduled", is_everybody=False, older_before=None, now=NOW)
    )
    assert page.text == "There are no waiting calls. /robocall opens the form to make one."


def test_a_call_for_now_is_acknowledged_in_words() -> None:
    """What happens, where to watch it, how to stop it."""
    answer = slack_takes(answers.asked_now(a_call()))
    assert read_aloud(answer) == (
        f"Calling {MASKED} now (call 12). You can watch it in #C0DESK;"
        " /robocall cancel 12 stops it."
    )


def test_a_call_for_later_is_echoed_with_its_zone() -> None:
    """The person sees that the time was understood as meant."""
    due = NOW + timedelta(hours=18, minutes=56, seconds=55)
    call = a_call(CallState.SCHEDULED, request={"due_at": due, "channel": "D0ANN"})
    answer = slack_takes(answers.asked_later(call, zone=LONDON, now=NOW))
    assert read_aloud(answer) == (
        f"I will call {MASKED} tomorrow, Tue 24 Nov 2026 at 09:00 (Europe/London, UTC+00:00)"
        " (call 12). You can watch it in our direct messages; /robocall cancel 12 stops it."
    )


def test_asking_twice_offers_to_call_anyway() -> None:
    """Nothing new was started, and the person is told so (S2)."""
    answer = slack_takes(answers.asked_before(a_call(), 20))
    assert answer.text.startswith("You asked for this call 20 seconds ago")
    assert buttons(answer) == ["Call anyway"]


def test_problems_are_a_readable_list() -> None:
    """Each with its field and its cure; nothing was dialled."""
    answer = slack_takes(answers.problems({"to": "Not a number.", "retries": f"0 to 3. {RUDE}"}))
    assert read_aloud(answer).startswith("Nothing was dialled. Please put this right:\nto: Not a")
    assert "<!channel>" not in answer.text


def test_a_message_may_be_text_alone() -> None:
    """Then no empty list of blocks is sent, which Slack would refuse."""
    assert Message(text="Hello").payload() == {"text": "Hello"}


def test_short_notes_are_taken_by_slack() -> None:
    """The rest of what one person may be told."""
    assert slack_takes(answers.note(answers.INVITE_HINT)).text.endswith("/invite @Robocall")
    assert slack_takes(answers.note(answers.NOT_SAVED)).text.startswith("Nothing was started")
    settled = slack_takes(answers.refreshed(an_ended_call("answered", goal_met=True), now=NOW))
    assert settled.text == f"Already settled. Call to {MASKED} was answered."
    assert buttons(slack_takes(answers.form_expired())) == ["Open the form"]


@pytest.mark.parametrize("topic", ["", "help", "call", "LIST", "status", "cancel", "campagne *x*"])
def test_help_fits_slack(topic: str) -> None:
    """Every topic; one that does not exist gets the whole help."""
    looks_like(f"help_{topic.lower()[:8] or 'all'}", slack_takes(help_text(topic)).payload())


def test_help_contains_the_promise_word_for_word() -> None:
    """It stands there as in the README."""
    assert PROMISE in read_aloud(help_text())
    assert "There is no help about “x”." in read_aloud(help_text("x"))


def test_home_greets_who_never_called() -> None:
    """What it does, the main button, and that nothing is there yet."""
    view = slack_takes_view(home_view(next_calls=[], last_calls=[], now=NOW))
    assert "You have not called anybody yet." in str(view)
    looks_like("home_empty", view)


def test_home_shows_ones_own_calls() -> None:
    """Masked, newest first as given, no more than fit."""
    calls = [an_ended_call(result, goal_met=False) for result in Result] * 2
    view = slack_takes_view(home_view(next_calls=[a_call()], last_calls=calls, now=NOW))
    assert NUMBER not in str(view)
    lists = [
        element["elements"]
        for block in view["blocks"]
        for element in block.get("elements", [])
        if element["type"] == "rich_text_list"
    ]
    assert [len(entries) for entries in lists] == [1, MAX_CALLS]
    looks_like("home", view)
