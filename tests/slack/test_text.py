from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.pieces import (
    At,
    Bold,
    Channel,
    Pieces,
    User,
    joined,
    person,
    said,
    to_leaves,
    to_mrkdwn,
)
from bot.slack.text import (
    clean,
    count,
    cut,
    cut_mrkdwn,
    escape,
    one_line,
    seconds,
    slack_date,
)
from tests.slack.examples import RUDE

NINE = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def test_what_slack_would_act_on_is_escaped_once() -> None:
    """Only the three characters, the ampersand first."""
    assert escape("a & <b> &amp;") == "a &amp; &lt;b&gt; &amp;amp;"


def test_hidden_characters_are_dropped_and_line_breaks_stay() -> None:
    """Control characters, bidi marks and lone surrogates cannot mislead the reader."""
    assert clean("a\x00b\u202ec\u2066d\ud800e\r\nf\u2028g\th") == "abcde\nf\ng h"
    assert one_line(" a\n\n b ") == "a b"


def test_emoji_made_of_several_characters_stay_whole() -> None:
    """The joiner inside a family emoji is no mark that misleads."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
    assert clean(family) == family


def test_short_text_is_not_cut() -> None:
    """Nothing is lost without need."""
    assert cut("abc", 3) == "abc"
    assert cut_mrkdwn("abc", 3) == "abc"


def test_long_text_ends_with_an_ellipsis() -> None:
    """The reader sees that something is missing."""
    assert cut("abc def", 5) == "abc…"


@pytest.mark.parametrize(
    ("text", "limit", "kept"),
    [
        ("abc&amp;def", 6, "abc…"),
        ("abc&amp;def", 9, "abc&amp;…"),
        ("ab <@U123> cd", 8, "ab…"),
        ("ab <@U123> cd", 12, "ab <@U123>…"),
        ("a > b < c > ddddd", 13, "a > b < c >…"),
    ],
)
def test_mrkdwn_is_never_cut_inside_an_entity(text: str, limit: int, kept: str) -> None:
    """Half an entity would show as rubbish, half a mention might become another."""
    assert cut_mrkdwn(text, limit) == kept


@given(st.text(alphabet="ab&<>\n", max_size=60), st.integers(min_value=1, max_value=60))
def test_cutting_escaped_text_leaves_no_half_entity(text: str, limit: int) -> None:
    """Whatever the place, every ampersand still begins a whole entity."""
    kept = cut_mrkdwn(escape(text), limit)
    assert len(kept) <= limit
    whole = kept.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set(whole) & set("&<>")


def test_a_date_is_shown_in_the_readers_zone_and_its_fallback_names_utc() -> None:
    """The fallback is for clients that cannot, so it must say which zone it means."""
    in_india = NINE.astimezone(timezone(timedelta(hours=5, minutes=30)))
    expected = "<!date^1795510800^{date_short_pretty} at {time}|2026-11-24 09:00 UTC>"
    assert slack_date(in_india) == expected


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (25, "25 seconds"),
        (60, "1 minute"),
        (125, "2 minutes 5 seconds"),
    ],
)
def test_durations_are_words(number: int, words: str) -> None:
    """A screen reader says `25 seconds`, not `25s`."""
    assert seconds(number) == words


def test_counts_have_the_right_number() -> None:
    """One call, many calls."""
    assert (count(1, "call"), count(1200, "call")) == ("1 call", "1,200 calls")


def test_rude_text_does_nothing_in_mrkdwn() -> None:
    """No ping, no link, no turned reading order (S26)."""
    shown = to_mrkdwn([RUDE, Bold(RUDE)])
    assert "<" not in shown
    assert "\u202e" not in shown
    assert "&lt;!channel&gt;" in shown


def test_rude_text_is_one_leaf_of_rich_text() -> None:
    """In rich text nothing is markup, so the words stay as they were typed."""
    assert to_leaves(["<!channel> *b*"]) == [{"type": "text", "text": "<!channel> *b*"}]


def test_pieces_are_shown_twice() -> None:
    """The same sentence, as mrkdwn and as rich text."""
    pieces: Pieces = [Bold("Due "), At(NINE), " for ", User("U0ANN"), " in ", Channel("C0DESK"), ""]
    assert to_mrkdwn(pieces) == f"*Due *{slack_date(NINE)} for <@U0ANN> in <#C0DESK>"
    assert [leaf["type"] for leaf in to_leaves(pieces)] == [
        "text",
        "date",
        "text",
        "user",
        "text",
        "channel",
    ]


def test_a_person_is_mentioned_only_by_an_id() -> None:
    """The bot itself, or junk, is shown as the words it is."""
    assert person("U0ANN") == User("U0ANN")
    assert person("the bot") == "the bot"
    assert person("U0<!x>") == "U0<!x>"


def test_sentences_are_joined_by_lines() -> None:
    """Nothing stands before the first and after the last."""
    assert joined([["a"], ["b", "c"]]) == ["a", "\n", "b", "c"]
    assert joined([]) == []


def test_other_peoples_words_are_quoted_and_short() -> None:
    """Long answers of the voice service do not flood the thread."""
    assert said("no\nway") == "“no way”"
    assert len(said("x" * 5000)) == 302
