from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.typed_text import Option, TypedText, UnclosedQuote, cut, quoted, split_line

QUOTES = "\\\"'\u2018\u2019\u201a\u201c\u201d\u201e"


def option(name: str, value: str, *, is_quoted: bool = False, next_word: str = "") -> Option:
    """An option as it is expected."""
    return Option(name=name, value=value, is_quoted=is_quoted, next_word=next_word)


@pytest.mark.parametrize(
    ("raw", "typed", "target"),
    [
        ("plain", "plain", "plain"),
        ("Fish &amp; chips &lt;3 &gt;2", "Fish & chips <3 >2", "Fish & chips <3 >2"),
        ("&amp;lt;", "&lt;", "&lt;"),
        ("&copy; &quot;", "&copy; &quot;", "&copy; &quot;"),
        ("<tel:+14155550123|+1 415 555 0123>", "+1 415 555 0123", "+14155550123"),
        ("<tel:+14155550123>", "+14155550123", "+14155550123"),
        ("<mailto:ann@example.com|ann@example.com>", "ann@example.com", "ann@example.com"),
        (
            "<https://example.com/a?b=1&amp;c=2>",
            "https://example.com/a?b=1&c=2",
            "https://example.com/a?b=1&c=2",
        ),
        ("<http://example.com|example.com>", "example.com", "http://example.com"),
        ("<#C0123|general>", "#general", "C0123"),
        ("<#C0123|>", "#C0123", "C0123"),
        ("<#C0123>", "#C0123", "C0123"),
        ("<@U0123|ann>", "@ann", "U0123"),
        ("<@U0123>", "@U0123", "U0123"),
        ("<!here>", "@here", "@here"),
        ("<!subteam^S1|@team>", "@team", "@team"),
        ("<!date^170^{date}>", "@date", "@date"),
        ("a\u00a0b\u202fc", "a b c", "a b c"),
        ("  x\U000f0000y  ", "xy", "xy"),
    ],
)
def test_what_slack_made_of_it_is_undone(raw: str, typed: str, target: str) -> None:
    """A person sees one thing, and something may stand behind it."""
    text = TypedText(raw)
    assert (text.typed(text.marked), text.target(text.marked)) == (typed, target)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Co", "Zs"]), max_size=40))
def test_whatever_was_typed_comes_back(line: str) -> None:
    """Slack escapes three characters; undone, the line is as it was typed."""
    raw = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = TypedText(raw)
    assert text.typed(text.marked) == line.strip()


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ('"Hello there" x', "Hello there"),
        ("“Hello there” x", "Hello there"),
        ('“Hello there" x', "Hello there"),
        ("„Hallo“ x", "Hallo"),
        ("”late afternoon” x", "late afternoon"),
        ("'don't worry' x", "don't worry"),
        ("‘don’t worry’ x", "don’t worry"),
        ("\"it's 5 o'clock\"", "it's 5 o'clock"),
        (r'"say \"hi\" \n \\ now"', r'say "hi" \n \ now'),
        ('""', ""),
        ('"two\nlines"', "two\nlines"),
    ],
)
def test_quotes_straight_and_curly(text: str, body: str) -> None:
    """Phones curl quotes as they like; an apostrophe inside a word ends nothing."""
    found = quoted(text)
    assert found is not None
    assert found[0] == body


@pytest.mark.parametrize("text", ["plain", "", '"open', "'tis", "5'"])
def test_what_is_no_quoted_text(text: str) -> None:
    """A quote that is not closed quotes nothing."""
    assert quoted(text) is None


@given(st.text(max_size=30), st.sampled_from(['""', "“”", "''", "‘’"]))
def test_any_text_survives_quoting(text: str, quotes: str) -> None:
    """With its quotes and backslashes escaped, it comes back as it was."""
    escaped = "".join("\\" + c if c in QUOTES else c for c in text)
    assert quoted(quotes[0] + escaped + quotes[1] + " rest") == (text, len(escaped) + 2)


@pytest.mark.parametrize(
    ("line", "options", "message"),
    [
        ("", [], ""),
        ("Your table is ready", [], "Your table is ready"),
        ('"Your table"', [], "Your table"),
        ("one\n  two", [], "one\n  two"),
        ("Hi name=Ann", [option("name", "Ann")], "Hi"),
        ("name=Ann Hi  there", [option("name", "Ann", next_word="Hi")], "Hi  there"),
        ("Hi a=1 there", [option("a", "1", next_word="there")], "Hi there"),
        (
            '"Hi" a="x y", b=‘z’',
            [
                option("a", "x y", is_quoted=True, next_word="b=‘z’"),
                option("b", "z", is_quoted=True),
            ],
            "Hi",
        ),
        (
            "Hi --at=9 —at=9 –at=9",
            [
                option("at", "9", next_word="—at=9"),
                option("at", "9", next_word="–at=9"),
                option("at", "9"),
            ],
            "Hi",
        ),
        ("Hi a=", [option("a", "")], "Hi"),
        ("name=O'Brien", [option("name", "O'Brien")], ""),
        ("don't say 'tis o'clock", [], "don't say 'tis o'clock"),
        ('"a=b is text"', [], "a=b is text"),
        ('say "a=b now" ok', [], 'say "a=b now" ok'),
        ('"yes"a=b', [], '"yes"a=b'),
        ('"Hello", she said', [], '"Hello", she said'),
        ('"one" "two"', [], '"one" "two"'),
        ("https://example.com/?a=b", [], "https://example.com/?a=b"),
        ("1a=b ä=b -a=b", [], "1a=b ä=b -a=b"),
        ('the 5" pipe — now', [], 'the 5" pipe — now'),
    ],
)
def test_options_are_told_from_the_message(line: str, options: list[Option], message: str) -> None:
    """`word=value` is an option wherever a word may begin, and nowhere else."""
    assert split_line(line) == (options, message)


def test_a_variable_may_have_a_reserved_name() -> None:
    """`var:` says so."""
    assert split_line("var:voice=deep")[0] == [Option(name="voice", value="deep", is_variable=True)]


@pytest.mark.parametrize(
    ("line", "start"),
    [
        ('Hi "there', '"there'),
        ("Hi “there name=Ann", "“there name=Ann"),
        ('a="b c', '"b c'),
        ("a='b c", "'b c"),
        ('a="b"c', '"b"c'),
    ],
)
def test_a_quote_that_is_not_closed_is_pointed_at(line: str, start: str) -> None:
    """Half a value must never be taken for a whole one."""
    with pytest.raises(UnclosedQuote) as found:
        split_line(line)
    assert str(found.value) == start


def test_long_words_are_cut() -> None:
    """An answer names what it is about, not all of it."""
    assert cut("x" * 40) == "x" * 40
    assert cut("x" * 41) == "x" * 39 + "…"
