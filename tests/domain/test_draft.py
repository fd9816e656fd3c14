from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.call import CallRequest, KeyOption
from bot.domain.draft import CallDraft, check_draft, hints, needs_zone
from bot.domain.errors import InvalidRequest
from bot.domain.result import Result

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 23, 10, 30, 20, tzinfo=UTC)  # a Monday
GOOD = CallDraft(to="+14155550123", message="Your table is ready", post="C0123ABC")


def request_of(draft: CallDraft, *, zone: ZoneInfo | None = LONDON) -> CallRequest:
    """The checked request of Ann, in London, on a Monday morning."""
    return check_draft(draft, requested_by="U1", now=NOW, zone=zone, default_region=None)


def problems_of(draft: CallDraft, *, zone: ZoneInfo | None = LONDON) -> dict[str, str]:
    """Everything that is wrong with it."""
    with pytest.raises(InvalidRequest) as refused:
        request_of(draft, zone=zone)
    return refused.value.problems


def test_number_and_message_are_enough() -> None:
    """Everything else has its default: at once, no retries, answered is success."""
    assert request_of(GOOD) == CallRequest(
        phone_number="+14155550123",
        requested_by="U1",
        channel="C0123ABC",
        message="Your table is ready",
    )


def test_everything_at_once() -> None:
    """Each field of the draft arrives in the request, in the form used inside."""
    draft = CallDraft(
        to="+1 (415) 555-0123",
        message="Hello {{ name }}, press 1 to confirm.",
        variables={"name": "Ann", "day": "Tuesday"},
        voice="en-female-1",
        language="en-GB",
        caller_id="+1 415 555 0199",
        when="tomorrow 9:00",
        retries="2",
        retry_delay="1h",
        retry_on=("Busy", "no answer", "voicemail"),
        keypad=("1 Confirm: See you on {{day}}!",),
        goal="1",
        post=" G1 ",
    )
    assert request_of(draft) == CallRequest(
        phone_number="+14155550123",
        requested_by="U1",
        channel="G1",
        message="Hello {{name}}, press 1 to confirm.",
        variables={"name": "Ann", "day": "Tuesday"},
        voice="en-female-1",
        language="en-GB",
        caller_id="+14155550199",
        due_at=datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
        retries=2,
        retry_delay=timedelta(hours=1),
        retry_on=frozenset({Result.BUSY, Result.NO_ANSWER, Result.VOICEMAIL}),
        keys=(KeyOption(digit="1", label="Confirm", reply="See you on Tuesday!"),),
        goal="1",
    )


def test_a_recording_is_played_as_it_is() -> None:
    """A request has a message or a recording, never both."""
    request = request_of(replace(GOOD, message="", audio_url="https://example.com/a.mp3"))
    assert (request.message, request.audio_url) == ("", "https://example.com/a.mp3")


def test_a_default_region_reads_numbers_without_plus() -> None:
    """Only where the deployment says which country is meant."""
    draft = replace(GOOD, to="(415) 555-0123")
    request = check_draft(draft, requested_by="U1", now=NOW, zone=LONDON, default_region="US")
    assert request.phone_number == "+14155550123"
    assert list(problems_of(draft)) == ["to"]


def test_all_problems_come_at_once() -> None:
    """Nobody should have to correct one field after the other."""
    draft = CallDraft(
        to="abc",
        voice="en female",
        language="english!",
        caller_id="911",
        variables={"a": "x"},
        bad_variables=("junk",),
        when="soon",
        retries="9",
        retry_delay="often",
        retry_on=("rejected",),
        keypad=("Confirm",),
        goal="success",
        post="#general",
    )
    problems = problems_of(draft)
    assert set(problems) == {
        "to", "message", "variables", "voice", "language", "caller_id", "when", "retries",
        "retry_delay", "retry_on", "keypad", "goal", "post",
    }  # fmt: skip
    assert all(len(text) <= 150 for text in problems.values())


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"to": "+14155550123;ext=5"}, "to", "extension"),
        ({"to": "911"}, "to", "emergency"),
        ({"caller_id": "+14155550123"}, "to", "caller id itself"),
        ({"caller_id": "4155550123"}, "caller_id", "country is missing"),
        ({"message": ""}, "message", "What shall I say"),
        ({"message": "x" * 10_000}, "message", "10,000 characters"),
        ({"audio_url": "https://example.com/a.mp3"}, "audio_url", "not both"),
        ({"say": "audio", "audio_url": "http://example.com/a"}, "audio_url", "https"),
        ({"message": "Hi {{name}}"}, "variables", "Nothing fills {{name}}"),
        ({"variables": {"name": "Ann"}}, "variables", "There is no {{name}}"),
        ({"keypad": ("1 Yes: {{x}}",)}, "variables", "Nothing fills {{x}}"),
        ({"when": "2026-11-22 09:00"}, "when", "passed"),
        ({"when": "today 9:00"}, "when", "passed"),
        ({"when": datetime(2026, 11, 23, 10, 29, tzinfo=UTC)}, "when", "passed"),
        ({"when": "2028-01-01 09:00"}, "when", "more than a year"),
        ({"retries": "9"}, "retries", "0 to 3"),
        ({"retries": "4"}, "retries", "0 to 3"),
        ({"retries": "-1"}, "retries", "0 to 3"),
        ({"retries": "two"}, "retries", "0 to 3"),
        ({"retries": "1", "retry_on": ()}, "retries", "Choose after which results"),
        ({"retry_on": ("answered",)}, "retry_on", "busy, no_answer, voicemail, failed"),
        ({"retry_delay": "1441"}, "retry_delay", "0 to 1440"),
        ({"retry_delay": "90s"}, "retry_delay", "whole minutes"),
        ({"retry_delay": "-5"}, "retry_delay", "whole minutes"),
        ({"keypad": ("Confirm",)}, "keypad", "cannot read"),
        ({"keypad": ("1 Yes", "1 No")}, "keypad", "twice"),
        ({"goal": "any_key"}, "goal", "No key is defined"),
        ({"goal": "2", "keypad": ("1 Yes",)}, "goal", "Key 2 is not defined"),
        ({"voice": "x" * 65}, "voice", "en-female-1"),
        ({"language": "e"}, "language", "en-GB"),
        ({"post": ""}, "post", "Where shall I post"),
        ({"post": "U0123ABC"}, "post", "Where shall I post"),
    ],
)
def test_bad_input_is_answered_at_its_field(
    change: dict[str, Any], field: str, reason: str
) -> None:
    """One mistake is one problem, and it says how to write it."""
    problems = problems_of(replace(GOOD, **change))
    assert list(problems) == [field]
    assert reason in problems[field]


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        ("", timedelta(minutes=5)),
        ("0", timedelta(0)),
        (" 5 ", timedelta(minutes=5)),
        ("5m", timedelta(minutes=5)),
        ("1h", timedelta(hours=1)),
        ("60s", timedelta(minutes=1)),
        ("1440", timedelta(days=1)),
    ],
)
def test_minutes_between_tries(text: str, delay: timedelta) -> None:
    """A bare number is minutes, 0 is at once, nothing is five minutes."""
    assert request_of(replace(GOOD, retry_delay=text)).retry_delay == delay


def test_no_results_to_retry_are_fine_without_retries() -> None:
    """Who unticks every box and wants no retries made no mistake."""
    assert request_of(replace(GOOD, retry_on=())).retry_on == frozenset()


@pytest.mark.parametrize(
    "when", [None, "", " ", "now", "in 0m", datetime(2026, 11, 23, 10, 30, tzinfo=UTC)]
)
def test_now_has_no_due_time(when: str | datetime | None) -> None:
    """The running minute, picked in a form, is now as well."""
    assert request_of(replace(GOOD, when=when)).due_at is None


def test_a_picked_moment_becomes_utc() -> None:
    """The form hands over a moment, not words."""
    picked = datetime(2026, 11, 24, 14, 30, tzinfo=ZoneInfo("Asia/Kolkata"))
    due_at = request_of(replace(GOOD, when=picked)).due_at
    assert due_at == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert due_at.tzinfo is UTC


def test_the_zone_is_asked_for_only_where_it_matters() -> None:
    """A look-up at Slack takes time, so most calls do without."""
    assert needs_zone(replace(GOOD, when="18:30"))
    assert not needs_zone(replace(GOOD, when="in 30m"))
    assert not needs_zone(replace(GOOD, when=NOW))
    assert not needs_zone(GOOD)
    assert "time zone" in problems_of(replace(GOOD, when="18:30"), zone=None)["when"]


def test_a_wrong_key_says_nothing_about_the_goal() -> None:
    """Whoever corrects the key has met the goal already."""
    problems = problems_of(replace(GOOD, keypad=("1: ",), goal="1"))
    assert list(problems) == ["keypad"]


def test_hints_are_no_errors() -> None:
    """The preview warns of keys that nobody defined and of long speeches."""
    draft = replace(
        GOOD, message="Press 1 to confirm or 2 to move. " + "x" * 900, keypad=("1 Confirm",)
    )
    assert hints(draft) == [
        "The message says “press 2”, but key 2 is not defined.",
        "This takes about 67 seconds to speak. People hang up on long calls.",
    ]
    assert request_of(draft).keys[0].digit == "1"


@pytest.mark.parametrize("change", [{"say": "audio"}, {"message": " "}, {}])
def test_nothing_to_hint_at(change: dict[str, Any]) -> None:
    """A recording cannot be judged, an empty or plain message need not be."""
    assert hints(replace(GOOD, **change)) == []
