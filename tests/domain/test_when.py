from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.when import (
    InvalidTime,
    checked_moment,
    in_words,
    needs_zone,
    parse_duration,
    parse_when,
)

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
KOLKATA = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 11, 23, 10, 30, 20, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-11-23 10:30:20"),
        ("in 30m", "2026-11-23 11:00:20"),
        ("in 45 minutes", "2026-11-23 11:15:20"),
        ("In 2h", "2026-11-23 12:30:20"),
        ("in 1h30m", "2026-11-23 12:00:20"),
        ("in 1 hour 30 min", "2026-11-23 12:00:20"),
        ("in 2 days", "2026-11-25 10:30:20"),
        ("in 90 sec", "2026-11-23 10:31:50"),
        ("18:30", "2026-11-23 18:30:00"),
        ("at 18:30", "2026-11-23 18:30:00"),
        ("18.30", "2026-11-23 18:30:00"),
        ("6:30pm", "2026-11-23 18:30:00"),
        ("6:30 P.M.", "2026-11-23 18:30:00"),
        ("10:30", "2026-11-23 10:30:00"),
        ("10:29", "2026-11-24 10:29:00"),
        ("12am", "2026-11-24 00:00:00"),
        ("12pm", "2026-11-23 12:00:00"),
        ("today 18:30", "2026-11-23 18:30:00"),
        ("today 9:00", "2026-11-23 09:00:00"),
        ("tomorrow 9:00", "2026-11-24 09:00:00"),
        ("Tomorrow, at 9AM", "2026-11-24 09:00:00"),
        ("9am tomorrow", "2026-11-24 09:00:00"),
        ("fri 14:00", "2026-11-27 14:00:00"),
        ("Friday 2pm", "2026-11-27 14:00:00"),
        ("mon 11:00", "2026-11-23 11:00:00"),
        ("mon 9:00", "2026-11-30 09:00:00"),
        ("sun 9:00", "2026-11-29 09:00:00"),
        ("2026-11-24 09:00", "2026-11-24 09:00:00"),
        ("2026\u201311\u201324 9:00", "2026-11-24 09:00:00"),
        ("2026-11-24T09:00:30", "2026-11-24 09:00:30"),
        ("2026-11-24 6pm", "2026-11-24 18:00:00"),
        ("2026-11-24T09:00:00.000Z", "2026-11-24 09:00:00"),
        ("2026-11-24 09:00 UTC", "2026-11-24 09:00:00"),
        ("2026-11-24T09:00+01:00", "2026-11-24 08:00:00"),
        ("2026-11-24T09:00-0530", "2026-11-24 14:30:00"),
        ("2026-11-24T09:00-05", "2026-11-24 14:00:00"),
    ],
)
def test_a_time_as_people_write_it(text: str, meant: str) -> None:
    """Read in London, on a Monday at 10:30:20."""
    at = parse_when(text, now=NOW, zone=LONDON)
    assert f"{at:%Y-%m-%d %H:%M:%S}" == meant
    assert at.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("soon", "cannot read"),
        ("", "what time"),
        ("in", "cannot read"),
        ("in 5", "cannot read"),
        ("9", "cannot read"),
        ("03/04 9:00", "cannot read"),
        ("next fri 9:00", "cannot read"),
        ("18:30 utc", "cannot read"),
        ("tomorrow", "what time"),
        ("2026-11-24", "what time"),
        ("fri tomorrow 9:00", "two days"),
        ("25:00", "no such time"),
        ("24:00", "no such time"),
        ("13pm", "no such time"),
        ("0pm", "no such time"),
        ("2026-02-31 09:00", "no such time"),
        ("9999-12-31T23:59-12:00", "no such time"),
        ("2026-11-24T09:00+25:00", "no such time"),
    ],
)
def test_what_means_no_time_is_refused(text: str, reason: str) -> None:
    """Nothing is guessed, and the answer shows how to write it."""
    with pytest.raises(InvalidTime, match=reason):
        parse_when(text, now=NOW, zone=LONDON)


def test_words_are_read_in_the_persons_own_zone() -> None:
    """At 20:00 in Kolkata it is still afternoon in London."""
    now = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # 01:30 on Tuesday in Kolkata
    assert parse_when("today 9:00", now=now, zone=KOLKATA) == datetime(
        2026, 11, 24, 3, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "zone", "meant"),
    [
        ("2026-03-08 02:30", NEW_YORK, "2026-03-08 03:30 EDT"),
        ("2026-03-29 01:15", LONDON, "2026-03-29 02:15 BST"),
        ("2026-11-01 01:30", NEW_YORK, "2026-11-01 01:30 EDT"),
        ("2026-10-25 01:30", LONDON, "2026-10-25 01:30 BST"),
    ],
)
def test_when_the_clocks_change(text: str, zone: ZoneInfo, meant: str) -> None:
    """A time that is skipped moves forward; of one that comes twice the first is meant."""
    at = parse_when(text, now=NOW, zone=zone).astimezone(zone)
    assert f"{at:%Y-%m-%d %H:%M %Z}" == meant


@pytest.mark.parametrize(
    ("text", "is_needed"),
    [
        ("", False),
        ("now", False),
        ("in 30m", False),
        ("2026-11-24T09:00Z", False),
        ("2026-11-24 09:00+01:00", False),
        ("2026-11-24 09:00", True),
        ("18:30", True),
        ("tomorrow 9:00", True),
    ],
)
def test_only_clock_times_need_a_zone(text: str, is_needed: bool) -> None:
    """What needs no zone is read without one; the rest says that it is missing."""
    assert needs_zone(text) == is_needed
    if is_needed:
        with pytest.raises(InvalidTime, match="time zone"):
            parse_when(text, now=NOW, zone=None)
    elif text:
        assert parse_when(text, now=NOW, zone=None) >= NOW


def test_nonsense_is_called_nonsense_even_without_a_zone() -> None:
    """Who wrote `soon` need not hear about time zones."""
    with pytest.raises(InvalidTime, match="cannot read"):
        parse_when("soon", now=NOW, zone=None)


@pytest.mark.parametrize(
    ("ahead", "is_kept"),
    [
        (timedelta(minutes=-1), False),
        (timedelta(seconds=-59), True),
        (timedelta(0), True),
        (timedelta(days=365), True),
        (timedelta(days=365, seconds=1), False),
    ],
)
def test_a_call_is_kept_for_a_year_and_never_for_the_past(ahead: timedelta, is_kept: bool) -> None:
    """The running minute still counts as now: pickers know no seconds."""
    at = (NOW + ahead).astimezone(KOLKATA)
    if is_kept:
        assert checked_moment(at, now=NOW).tzinfo is UTC
    else:
        with pytest.raises(InvalidTime):
            checked_moment(at, now=NOW)


def test_a_moment_beyond_the_calendar_is_refused() -> None:
    """The last evening of the year 9999 has no UTC."""
    edge = datetime(9999, 12, 31, 23, tzinfo=NEW_YORK)
    with pytest.raises(InvalidTime, match="no such time"):
        checked_moment(edge, now=NOW)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("5m", timedelta(minutes=5)),
        ("1d 2h 3m 4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("2 Hours", timedelta(hours=2)),
        ("0m", timedelta(0)),
        ("", None),
        ("5", None),
        ("-5m", None),
        ("1.5h", None),
        ("99999999m", None),
    ],
)
def test_durations(text: str, duration: timedelta | None) -> None:
    """A number without a unit is no duration."""
    assert parse_duration(text) == duration


@pytest.mark.parametrize(
    ("at", "zone", "words"),
    [
        (
            datetime(2026, 11, 24, 9, 0, tzinfo=UTC),
            LONDON,
            "tomorrow, Tue 24 Nov 2026 at 09:00 (Europe/London, UTC+00:00)",
        ),
        (
            datetime(2026, 11, 23, 18, 30, tzinfo=UTC),
            LONDON,
            "today, Mon 23 Nov 2026 at 18:30 (Europe/London, UTC+00:00)",
        ),
        (
            datetime(2026, 12, 1, 20, 0, tzinfo=UTC),
            KOLKATA,
            "Wed 2 Dec 2026 at 01:30 (Asia/Kolkata, UTC+05:30)",
        ),
        (
            datetime(2026, 11, 23, 23, 0, tzinfo=UTC),
            NEW_YORK,
            "today, Mon 23 Nov 2026 at 18:00 (America/New_York, UTC-05:00)",
        ),
    ],
)
def test_a_time_is_told_back_with_its_zone(at: datetime, zone: ZoneInfo, words: str) -> None:
    """Today and tomorrow are the reader's own."""
    assert in_words(at, zone, NOW) == words


@given(st.text(alphabet="0123456789:-+apm tzinhdmorwfs.,", max_size=25))
def test_any_text_is_a_time_or_a_refusal(text: str) -> None:
    """Nothing a person can type breaks the reading."""
    try:
        answer = parse_when(text, now=NOW, zone=LONDON).isoformat()
    except InvalidTime as refused:
        answer = str(refused)
    assert answer.endswith(("+00:00", "."))


@given(st.integers(min_value=0, max_value=365 * 24 * 3600))
def test_what_iso_says_is_what_is_meant(ahead: int) -> None:
    """ISO 8601 with an offset comes back to the second."""
    at = (NOW + timedelta(seconds=ahead)).astimezone(KOLKATA)
    assert parse_when(at.isoformat(), now=NOW, zone=None) == at
