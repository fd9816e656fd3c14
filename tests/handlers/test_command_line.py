from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.draft import CallDraft, check_draft
from bot.domain.errors import InvalidRequest
from handlers.command_line import (
    CallNow,
    CancelCall,
    Command,
    Help,
    ListCalls,
    Mistake,
    OpenCampaignForm,
    OpenForm,
    ShowStatus,
    parse_command,
)

NUMBER = "+14155550123"
READY = CallDraft(to=NUMBER, message="Your table is ready")


def draft_of(text: str, region: str | None = None) -> CallDraft:
    """The draft of a line that calls."""
    command = parse_command(text, region)
    assert isinstance(command, CallNow), command
    return command.draft


def mistake_in(text: str) -> str:
    """What the answer says about a line that means nothing."""
    command = parse_command(text)
    assert isinstance(command, Mistake), command
    return command.text


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", OpenForm()),
        (" \u00a0 ", OpenForm()),
        ("campaign", OpenCampaignForm()),
        ("Batch", OpenCampaignForm()),
        ("list", ListCalls()),
        ("LIST Scheduled", ListCalls(which="scheduled")),
        ("list active", ListCalls(which="active")),
        ("list done", ListCalls(which="done")),
        ("status 12", ShowStatus(ref="12")),
        ("status robo_abc123def456", ShowStatus(ref="robo_abc123def456")),
        ("cancel #12", CancelCall(ref="12")),
        ("cancel `robo_abc`", CancelCall(ref="robo_abc")),
        ("help", Help()),
        ("help list", Help(topic="list")),
        ("help batch", Help(topic="campaign")),
        (NUMBER, OpenForm(prefill=CallDraft(to=NUMBER))),
        (f"{NUMBER} retries=2", OpenForm(prefill=CallDraft(to=NUMBER, retries="2"))),
        (f"{NUMBER} Your table is ready", CallNow(draft=READY)),
    ],
)
def test_each_form_of_the_command(text: str, command: Command) -> None:
    """The grammar of the reference, word for word."""
    assert parse_command(text) == command


def test_the_example_of_the_reference() -> None:
    """Quoted message, variables, a time and retries."""
    line = (
        f'{NUMBER} "Hello {{{{name}}}}, see you at {{{{time}}}}" name=Ann time="2:30 PM" '
        'at="tomorrow 9:00" retries=2'
    )
    expected = CallDraft(
        to=NUMBER,
        message="Hello {{name}}, see you at {{time}}",
        variables={"name": "Ann", "time": "2:30 PM"},
        when="tomorrow 9:00",
        retries="2",
    )
    assert draft_of(line) == expected
    curly = line.replace(' "', " “").replace('="', "=“").replace('"', "”")
    assert draft_of(curly) == expected


def test_every_option_reaches_its_field() -> None:
    """Reserved words are options, the rest are variables, links give what is behind them."""
    line = (
        f"{NUMBER} voice=en-female-1 language=en caller_id=<tel:+14155550199|415> "
        "audio=<https://example.com/a.mp3|example.com/a.mp3> at='fri 14:00' retries=1 "
        "retry_delay=10 retry_on=busy,voicemail, key='1 Yes: Don't worry' key=“2 No” goal=1 "
        "post=<#C0123|general> var:voice=deep friend=<@U1|ann>"
    )
    assert draft_of(line) == CallDraft(
        to=NUMBER,
        audio_url="https://example.com/a.mp3",
        variables={"voice": "deep", "friend": "@ann"},
        voice="en-female-1",
        language="en",
        caller_id="+14155550199",
        when="fri 14:00",
        retries="1",
        retry_delay="10",
        retry_on=("busy", "voicemail"),
        keypad=("1 Yes: Don't worry", "2 No"),
        goal="1",
        post="C0123",
    )


def test_the_message_is_what_was_typed() -> None:
    """Links, names and escapes are undone; dashes, quotes and lines stay."""
    line = (
        f"{NUMBER} See <http://example.com|example.com> &amp; <@U1|ann> — it's “free”\n"
        "in <#C1|general> &lt;3"
    )
    assert draft_of(line).message == "See example.com & @ann — it's “free”\nin #general <3"


@pytest.mark.parametrize(
    ("text", "to", "message"),
    [
        ("+1 (415) 555-0123 Your table", "+1 (415) 555-0123", "Your table"),
        ("<tel:+14155550123|+1 415 555 0123> Your table", NUMBER, "Your table"),
        ('"+1 (415) 555-0123" Your table', "+1 (415) 555-0123", "Your table"),
        ("“+1 (415) 555-0123” Your table", "+1 (415) 555-0123", "Your table"),
        ("'<tel:+14155550123|+1 415>' Your table", NUMBER, "Your table"),
        ("tel:+14155550123 Your table", "tel:+14155550123", "Your table"),
        ("+14155550123 2 tables are ready", NUMBER, "2 tables are ready"),
        ("+1 415 555 0123 2 tables", "+1 415 555 0123", "2 tables"),
        ("+1 415 555 01 23 Your table", "+1 415 555 01 23", "Your table"),
        ("+14155550123, your table", NUMBER, "your table"),
        ("+14155550123: 2 tables", NUMBER, "2 tables"),
        ("+49 30 12345678 Ihr Tisch", "+49 30 12345678", "Ihr Tisch"),
        ("+49 30 1234 5678 Ihr Tisch", "+49 30 1234 5678", "Ihr Tisch"),
    ],
)
def test_where_the_number_ends(text: str, to: str, message: str) -> None:
    """The longest run of words that reads as a phone number is the number."""
    draft = draft_of(text)
    assert (draft.to, draft.message) == (to, message)


def test_a_default_region_shows_where_a_number_without_plus_ends() -> None:
    """Without one the whole run is taken, and refused as a number without a country."""
    text = "(415) 555-0123 2 tables"
    assert draft_of(text, "US").to == "(415) 555-0123"
    assert draft_of(text).to == "(415) 555-0123 2"


def test_an_unclear_end_of_the_number_is_asked_about() -> None:
    """`5` may belong to a German number or to the message: a guess might ring a stranger."""
    assert "is “5” part of it" in mistake_in("+49 30 123456 5 Tische sind frei")
    assert parse_command("+49 30 123456 5") == OpenForm(prefill=CallDraft(to="+49 30 123456 5"))
    assert draft_of('"+49 30 123456" 5 Tische').message == "5 Tische"


@pytest.mark.parametrize(
    "text",
    [
        "+14155550123;ext=5 Hello",
        "+14155550123,,5 Hello",
        "+14155550123x5 Hello",
        "+14155550123 x5 Hello",
        "+14155550123 ext. 5 Hello",
        "<tel:+14155550123|+14155550123> x5 Hello",
        '"+1 415 555 0123" extension 5 Hello',
        "+1415abc Hello",
        "911 Help",
        "2 tables",
        "+1202\u202e5550143 Hello",
        "\u202a+14155550123\u202c Hello",
        "+1234567890 Hello",
        "(415) 555-0123 Hello",
    ],
)
def test_a_number_that_cannot_be_dialled_stays_whole_and_is_refused(text: str) -> None:
    """An extension or a wrong end is never moved to the message."""
    draft = replace(draft_of(text), message="Hello", post="C1")
    with pytest.raises(InvalidRequest) as refused:
        check_draft(
            draft,
            requested_by="U1",
            now=datetime(2026, 11, 23, tzinfo=UTC),
            zone=ZoneInfo("UTC"),
            default_region=None,
        )
    assert list(refused.value.problems) == ["to"]


def test_a_last_hash_may_be_an_extension() -> None:
    """With nothing behind it, it is no message."""
    assert parse_command(f"{NUMBER} #5") == OpenForm(prefill=CallDraft(to=f"{NUMBER} #5"))
    assert draft_of(f"{NUMBER} #5 is yours").message == "#5 is yours"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello +14155550123", "Begin with a phone number"),
        ("hepl", "Did you mean “help”?"),
        ("canel 12", "Did you mean “cancel”?"),
        ('"Hello" there', "I do not know"),
        ("4.47E+11 Hello", "Begin with a phone number"),
        ("<@U1|ann> Hello", "“@ann”"),
        ("<https://example.com> Hello", "I do not know"),
        ("\u200b", "I do not know"),
        ("campaign now", "takes nothing more"),
        ("list schedule", "Did you mean “list scheduled”?"),
        ("list everything", "scheduled, active or done"),
        ("list done done", "scheduled, active or done"),
        ("help me", "call, campaign, list, status or cancel"),
        ("status", "Write its id, like /robocall status 12"),
        ("cancel 1 2", "Write its id, like /robocall cancel 12"),
        ("status a/b", "Which call?"),
        (f'{NUMBER} "Hello', "A quote is not closed. End what you quote with"),
        (f"{NUMBER} Hi name=“Ann <@U1|lee>", "“Ann @lee"),
        (f"{NUMBER} Hi at=", "at= has no value"),
        (f"{NUMBER} Hi at= tomorrow", "at= has no value"),
        (f'{NUMBER} Hi retries=" "', "retries= has no value"),
        (f"{NUMBER} Hi at=9:00 pm", 'at="9:00 pm"'),
        (f"{NUMBER} Hi at=9:00 tomorrow", 'at="9:00 tomorrow"'),
        (f"{NUMBER} Hi at=9:00 Friday", 'at="9:00 Friday"'),
        (f"{NUMBER} Hi retries=1 retries=2", "retries= is there twice"),
        (f"{NUMBER} Hi name=Ann name=Lee", "name= is there twice"),
    ],
)
def test_a_mistake_is_answered_with_its_cure(text: str, said: str) -> None:
    """Nothing is dialled, and the answer says how to write it."""
    assert said in mistake_in(text)


@pytest.mark.parametrize("text", ['at="9:00" Tomorrow', "at=9:00 Your table", "x=9 pm"])
def test_only_a_torn_time_is_taken_for_one(text: str) -> None:
    """A time in quotes is whole, and other words may follow one."""
    assert draft_of(f"{NUMBER} {text} is ready").to == NUMBER


def test_an_unknown_option_is_found_by_the_check() -> None:
    """Any other word is a variable, and an unused variable is refused with a suggestion."""
    assert draft_of(f"{NUMBER} Hi retrys=2").variables == {"retrys": "2"}


@given(st.text(max_size=60))
def test_any_line_gets_an_answer(text: str) -> None:
    """Whatever is typed, there is one command for it, and never an error."""
    assert isinstance(parse_command(text, "US"), Command)
    assert isinstance(parse_command(f"{NUMBER} {text}"), CallNow | OpenForm | Mistake)


@given(st.from_regex(r"[A-Za-z][A-Za-z,.!? ]{0,30}[a-z.]", fullmatch=True))
def test_plain_words_are_spoken_as_they_are(message: str) -> None:
    """Without quotes, links and = there is no syntax in a message."""
    assert draft_of(f"{NUMBER}: {message}").message == message
