from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.phone_number import InvalidPhoneNumber, masked, parse_phone_number


@pytest.mark.parametrize(
    ("text", "region", "e164"),
    [
        ("+14155550123", None, "+14155550123"),
        (" +1 (415) 555-0123 ", None, "+14155550123"),
        ("+1.415.555.0123", None, "+14155550123"),
        ("+1\u00a0415\u202f555\u20110123", None, "+14155550123"),
        ("tel:+14155550123", None, "+14155550123"),
        ("TEL: +1-415-555-0123", None, "+14155550123"),
        (
            "\uff0b\uff11\uff14\uff11\uff15\uff15\uff15\uff15\uff10\uff11\uff12\uff13",
            None,
            "+14155550123",
        ),
        (
            "+\u0661\u0664\u0661\u0665\u0665\u0665\u0665\u0660\u0661\u0662\u0663",
            None,
            "+14155550123",
        ),
        ("(202) 555-0143", "US", "+12025550143"),
        ("0012025550143", "GB", "+12025550143"),
        ("07700 900123", "GB", "+447700900123"),
        ("+447700900123", None, "+447700900123"),
    ],
)
def test_every_way_to_write_a_number_becomes_e164(text: str, region: str | None, e164: str) -> None:
    """Blanks, signs, other digits and national forms mean the same number."""
    assert parse_phone_number(text, region).e164 == e164


@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("", None, "Whom"),
        ("  ", "US", "Whom"),
        ("hello", None, "not a phone number"),
        ("+", None, "not a phone number"),
        ("4.47E+11", None, "not a phone number"),
        ("1-800-FLOWERS", "US", "not a phone number"),
        ("+1415555012\u00b2", None, "not a phone number"),
        ("+14155550123" + "0" * 99, None, "not a phone number"),
        ("+123456789012345678901234567890", None, "not a phone number"),
        ("(202) 555-0143", None, "country is missing"),
        ("0012025550143", None, "country is missing"),
        ("07400 123456", None, "country is missing"),
        ("+999123456789", None, "No country has this code"),
        ("0123456789", "ZZ", "No country has this code"),
        ("+1202\u202e5550143", None, "invisible"),
        ("+1202\u200b5550143", None, "invisible"),
        ("\u202a+14155550123\u202c", None, "invisible"),
        ("+1202\x005550143", None, "invisible"),
        ("+14155550123;ext=5", None, "extension"),
        ("+14155550123,,5", None, "extension"),
        ("+14155550123x5", None, "extension"),
        ("+14155550123 x 5", None, "extension"),
        ("+14155550123 ext. 5", None, "extension"),
        ("+14155550123 ext5", None, "extension"),
        ("+14155550123 #5", None, "extension"),
        ("(415) 555-0123 extension 5", "US", "extension"),
        ("911", None, "emergency"),
        ("911", "US", "emergency"),
        ("112", "GB", "emergency"),
        ("999", "GB", "emergency"),
        ("+1911", None, "emergency"),
        ("+44999", None, "emergency"),
        ("12345", "US", "short codes"),
        ("+12345", None, "short codes"),
        ("00", "US", "short codes"),
        ("555-0143", "US", "area code"),
        ("+1234567890", None, "too few digits"),
        ("+4477009001234567", None, "too many digits"),
        ("+12025550143/144", None, "too many digits"),
        ("+1 055 555 0123", None, "a digit may be wrong"),
        ("+1 900 555 0123", None, "premium-rate"),
        ("+44 909 879 0123", None, "premium-rate"),
        ("+44 871 234 5678", None, "premium-rate"),
        ("+44 70 1234 5678", None, "premium-rate"),
        ("+49 180 5 123456", None, "premium-rate"),
        ("+881 612345678", None, "premium-rate"),
    ],
)
def test_what_may_ring_somebody_else_is_refused(text: str, region: str | None, reason: str) -> None:
    """Every refusal says what is wrong, and most say how to write it."""
    with pytest.raises(InvalidPhoneNumber, match=re.escape(reason)):
        parse_phone_number(text, region)


def test_a_number_knows_where_it_may_be() -> None:
    """Region and time zones are those of the number, not of the sender."""
    number = parse_phone_number("+12025550143", "GB")
    assert (number.region, number.zones) == ("US", ("America/New_York",))


def test_a_number_of_no_country_has_no_region() -> None:
    """+800 is dialled from everywhere."""
    number = parse_phone_number("+80012345678", None)
    assert (number.region, number.zones) == ("", ())


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+14155550123", "+1 ••• ••• 0123"),
        ("+447700900123", "+44 ••• ••• 0123"),
        ("+35312345678", "+353 ••• ••• 5678"),
        ("+2471234", "+247 ••• ••• 34"),
        ("+0987654321", "••• ••• 4321"),
        ("", "••• •••"),
    ],
)
def test_a_channel_sees_country_and_last_digits_only(e164: str, shown: str) -> None:
    """The mask shows enough to recognise a number and too little to dial it."""
    assert masked(e164) == shown


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_a_mask_always_hides_digits(e164: str) -> None:
    """However long the number, part of it stays hidden, and its end is its own."""
    shown = masked(e164)
    digits = re.sub(r"\D", "", shown)
    assert len(digits) <= len(e164) - 1 - 2
    assert e164.endswith(shown.rsplit(" ", maxsplit=1)[-1])


@given(st.text(max_size=40))
def test_any_text_is_a_number_or_a_refusal(text: str) -> None:
    """Nothing a person can type breaks the reading."""
    try:
        answer = parse_phone_number(text, "US").e164
    except InvalidPhoneNumber as refused:
        answer = str(refused)
    assert answer.startswith("+") or answer.endswith((".", "?"))
