from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import InvalidRequest
from bot.domain.script import (
    checked_audio_url,
    checked_script,
    checked_variables,
    clean_line,
    clean_text,
    estimated_seconds,
    spoken_text,
)


def problems_of_variables(
    variables: dict[str, str], *, message: str, replies: tuple[str, ...] = ()
) -> dict[str, str]:
    """What is wrong with these variables."""
    with pytest.raises(InvalidRequest) as refused:
        checked_variables(variables, bad=(), message=message, replies=replies)
    return refused.value.problems


def test_what_nobody_hears_is_taken_out() -> None:
    """Control, zero-width and bidirectional characters and half characters go; lines stay."""
    assert clean_text(" a\x07\u200bb\u202e\ud800\ufeff\tc\r\nd\re ") == "ab c\nd\ne"
    assert clean_line("a \n\t b") == "a b"


def test_the_joiners_that_scripts_need_stay() -> None:
    """Without them Persian and Devanagari are read wrongly."""
    assert clean_text("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645") == (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    )


def test_the_spoken_text_is_the_message_with_its_values() -> None:
    """A placeholder without a value shows as it is: this is the preview."""
    assert spoken_text("Hi {{ name }}, {{day}}\x00 ", {"name": " Ann\n Lee"}) == (
        "Hi Ann Lee, {{day}}"
    )


@pytest.mark.parametrize(
    ("text", "seconds"), [("", 1), ("x" * 14, 1), ("x" * 15, 2), ("x" * 840, 60)]
)
def test_how_long_it_takes_to_speak(text: str, seconds: int) -> None:
    """Fourteen characters a second."""
    assert estimated_seconds(text) == seconds


@pytest.mark.parametrize(
    ("say", "message", "audio_url", "script"),
    [
        ("", " Hello\x00 ", "", ("Hello", "")),
        ("", "", " https://example.com/a.mp3 ", ("", "https://example.com/a.mp3")),
        ("text", "Hello", "http://junk", ("Hello", "")),
        ("audio", "{{ junk", "https://example.com/a.mp3", ("", "https://example.com/a.mp3")),
        ("", "Hi {{ name }}", "", ("Hi {{name}}", "")),
        ("", "x" * 3000, "", ("x" * 3000, "")),
    ],
)
def test_a_script_is_a_message_or_a_recording(
    say: str, message: str, audio_url: str, script: tuple[str, str]
) -> None:
    """Where a form let the person choose, the other field does not count."""
    assert checked_script(say=say, message=message, audio_url=audio_url) == script


@pytest.mark.parametrize(
    ("say", "message", "audio_url", "field", "reason"),
    [
        ("", "Hello", "https://example.com/a.mp3", "audio_url", "not both"),
        ("", "", "", "message", "What shall I say"),
        ("text", " \x00\u200b\n", "https://example.com/a.mp3", "message", "What shall I say"),
        ("audio", "Hello", " ", "audio_url", "Where is the recording"),
        ("", "x" * 3001, "", "message", "3,001 characters long; the limit is 3,000"),
        ("", "x" * 10_000, "", "message", "10,000 characters"),
        ("", "Hi {{first name}}", "", "message", "stray"),
        ("", "Hi }}", "", "message", "stray"),
    ],
)
def test_a_script_that_cannot_be_played_is_refused(
    *, say: str, message: str, audio_url: str, field: str, reason: str
) -> None:
    """The problem stands at the field that cures it."""
    with pytest.raises(InvalidRequest) as refused:
        checked_script(say=say, message=message, audio_url=audio_url)
    assert list(refused.value.problems) == [field]
    assert reason in refused.value.problems[field]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/a.mp3", "must begin with https"),
        ("ftp://example.com/a.mp3", "must begin with https"),
        ("example.com/a.mp3", "no web address"),
        ("reminder", "no web address"),
        ("https://", "no web address"),
        ("https:///a.mp3", "no web address"),
        ("https://localhost/a.mp3", "no web address"),
        ("https://./a.mp3", "no web address"),
        ("https://example.com:99999/a.mp3", "no web address"),
        ("https://example.com:0/a.mp3", "no web address"),
        ("https://[::1/a.mp3", "no web address"),
        ("https://example.com/a b.mp3", "no web address"),
        ("https://example.com/\u202eabc", "no web address"),
        ("https://example.com/<script>", "no web address"),
        ("https://example.com/" + "a" * 2000, "no web address"),
        ("https://ann:secret@example.com/a.mp3", "user name or password"),
        ("https://ann@example.com/a.mp3", "user name or password"),
    ],
)
def test_an_address_the_voice_service_cannot_fetch_is_refused(url: str, reason: str) -> None:
    """Only a plain https address will do."""
    with pytest.raises(InvalidRequest) as refused:
        checked_audio_url(url)
    assert reason in refused.value.problems["audio_url"]
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a.mp3?key=1&b=2",
        "https://b\u00fccher.example/a.mp3",
        "https://example.com:8443/a",
    ],
)
def test_a_plain_https_address_is_kept_as_it_is(url: str) -> None:
    """Query, port and other alphabets are fine."""
    assert checked_audio_url(url) == url


def test_variables_that_fit_are_cleaned() -> None:
    """The keys' replies ask for variables too."""
    values = checked_variables(
        {"name": " Ann\n", "day": "Monday"},
        bad=(),
        message="Hi {{name}}",
        replies=["See you on {{day}}"],
    )
    assert values == {"name": "Ann", "day": "Monday"}


@pytest.mark.parametrize(
    ("variables", "message", "reason"),
    [
        ({}, "Hi {{name}}", "Nothing fills {{name}}; add name=..."),
        ({"name": " "}, "Hi {{name}}", "Nothing fills {{name}}"),
        ({}, "{{a}} {{b}}", "Nothing fills {{a}} and {{b}}"),
        ({"name": "Ann"}, "Hi {{nmae}}", "Nothing fills {{nmae}}; did you mean {{name}}?"),
        ({"retrys": "2"}, "Hi", "There is no {{retrys}} in the message; did you mean retries=?"),
        ({"voices": "2"}, "Hi {{voice}}", "did you mean {{voices}}?"),
        ({"E": "mc2"}, "Hi", "There is no {{E}} in the message: leave out E=."),
        ({"name": "Ann"}, "", "A recording has no placeholders: leave out name=."),
        ({"1a": "x"}, "Hi", "“1a” cannot be a variable's name"),
        ({"x" * 99: "x"}, "Hi", "There is no {{" + "x" * 19 + "…}}"),
        ({"name": "{{x}}"}, "Hi {{name}}", "The value of name holds {{ or }}"),
    ],
)
def test_variables_that_do_not_fit_are_named(
    variables: dict[str, str], message: str, reason: str
) -> None:
    """A placeholder that is not filled would be spoken; an unused variable is often a typo."""
    problems = problems_of_variables(variables, message=message)
    assert list(problems) == ["variables"]
    assert reason in problems["variables"]
    assert len(problems["variables"]) <= 150


def test_a_line_that_is_no_variable_is_shown() -> None:
    """The person sees which line is meant."""
    with pytest.raises(InvalidRequest, match="not “Ann Lee”"):
        checked_variables({}, bad=("Ann Lee",), message="Hi", replies=())


def test_a_reply_may_not_ask_for_what_nobody_gives() -> None:
    """The reply is spoken, just as the message is."""
    problems = problems_of_variables({}, message="Hi", replies=("Bye {{name}}",))
    assert "Nothing fills {{name}}" in problems["variables"]


@pytest.mark.parametrize(
    ("variables", "message", "reason"),
    [
        ({"a": "x" * 3000}, "{{a}}!", "3,001 characters long"),
        ({}, "👋 🎉", "nothing to speak"),
        ({}, ":wave: :+1: ...", "nothing to speak"),
        ({}, "<speak></speak>", "nothing to speak"),
        ({"a": "!"}, "{{a}}", "nothing to speak"),
    ],
)
def test_the_filled_text_must_be_speakable(
    variables: dict[str, str], message: str, reason: str
) -> None:
    """What counts is what the callee would hear."""
    problems = problems_of_variables(variables, message=message)
    assert reason in problems["message"]


@given(st.text(max_size=60))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    """A text that was shown to a person as clean stays as it was shown."""
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_line(clean_line(text)) == clean_line(text)
    clean_text(text).encode()
