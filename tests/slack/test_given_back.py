from __future__ import annotations

from bot.slack.answers import mistake, problems
from tests.slack.looks import read_aloud, slack_takes

LINE = '/robocall +1415555 "Hello <there> & bye"'


def test_a_line_that_is_wrong_is_given_back_to_be_mended() -> None:
    """Slack has cleared the composer: what was typed must not be lost."""
    for answer in (problems({"to": "Too short."}, typed=LINE), mistake("What?", typed=LINE)):
        assert LINE in read_aloud(slack_takes(answer))


def test_a_form_needs_nothing_given_back() -> None:
    """There it still stands in its fields."""
    assert "You typed" not in read_aloud(slack_takes(problems({"to": "Too short."})))
