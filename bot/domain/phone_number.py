"""Phone numbers: from what a person types to E.164, and back to a masked text.

Nothing is guessed and nothing is dropped: a number that is not surely one subscriber's is
refused with the reason (fault-catalogue I1-I6, A13), because the alternative is that a
stranger's phone rings.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumberType,
    ValidationResult,
    timezone,
)

from bot.domain.errors import RobocallError

NUMBER_SIGNS = r"\s()./\-\uFF08\uFF09\uFF0E\uFF0F\uFF0D\u2010-\u2015\u2212"
"""What may stand between digits (for a regular expression's []): also the full-width forms, and
the dashes that phones and PDFs write."""
_LOOKS_LIKE_A_NUMBER = re.compile(rf"[+\uFF0B]?[{NUMBER_SIGNS}]*(\d[{NUMBER_SIGNS}]*)+")
_EXTENSION = re.compile(
    r"(;\s*ext\s*=|[,;~#]|(?<![a-z])(extension|extn?|x)[.:]?)[\s,]*\d+[\s#]*$", re.IGNORECASE
)
_LONGEST = 60  # characters; more is text, not a number
_NO_REGION = "001"  # what libphonenumber says for +800 and its like
_SHORT = 6  # digits; short codes and emergency numbers have no more

_COSTLY_TYPES = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,  # +44 70: dearer than premium rate
    }
)
# Satellites and "international networks", the usual end of toll fraud (A13): 247 Ascension,
# 870 Inmarsat, 878 personal numbers, 881-883 satellites and networks, 979 premium rate.
_COSTLY_CODES = frozenset({247, 870, 878, 881, 882, 883, 979})

# Ofcom keeps these for drama and documentation. libphonenumber calls them unassigned, but they
# are the numbers people try things out with, and they surely ring nobody.
_FOR_EXAMPLES = re.compile(r"\+447700900\d{3}")

_COUNTRY_CODES = frozenset(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)

_HOW = "Write it with + and the country code, like +1 415 555 0123."
_REASONS = {
    ValidationResult.INVALID_COUNTRY_CODE: "No country has this code.",
    ValidationResult.TOO_SHORT: "This number has too few digits.",
    ValidationResult.TOO_LONG: "This number has too many digits.",
    ValidationResult.INVALID_LENGTH: "This number has the wrong number of digits for its country.",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "This number lacks its area code.",
    ValidationResult.IS_POSSIBLE: "No such number can exist in its country: a digit may be wrong.",
}


class InvalidPhoneNumber(RobocallError):
    """This cannot be dialled; the message says why and how to write it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneNumber:
    """One subscriber's number.

    `e164` is the only form used inside. `region` is the ISO country, or empty where the
    country code belongs to no single one. `zones` are the IANA time zones it may be in.
    """

    e164: str
    region: str = ""
    zones: tuple[str, ...] = ()


@lru_cache(maxsize=64)  # a line is read to find where its number ends, then the number once more
def parse_phone_number(text: str, default_region: str | None) -> PhoneNumber:
    """The number that `text` means; `default_region` (ISO) reads those without `+`.

    Raises InvalidPhoneNumber for whatever is not surely one ordinary subscriber's number.
    """
    written = _plain(text)
    if not default_region and not written.startswith("+"):
        _refuse_short(written)
        raise InvalidPhoneNumber(f"The country is missing. {_HOW}")
    parsed = _parsed(written, default_region)
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if _FOR_EXAMPLES.fullmatch(e164):
        return PhoneNumber(e164=e164, region="GB", zones=("Europe/London",))
    _refuse_impossible(parsed)
    region = phonenumbers.region_code_for_number(parsed) or ""
    zones = timezone.time_zones_for_number(parsed)
    return PhoneNumber(
        e164=e164,
        region="" if region == _NO_REGION else region,
        zones=tuple(zone for zone in zones if zone != "Etc/Unknown"),
    )


def masked(e164: str) -> str:
    """The number as a channel may see it: country code and last four digits, `+1 ••• ••• 0123`.

    Never fails: of a number too short, two digits are shown; of one of no country, no code.
    """
    digits = re.sub(r"\D", "", e164)
    code = next((digits[:n] for n in (1, 2, 3) if digits[:n] in _COUNTRY_CODES), "")
    rest = digits[len(code) :]
    shown = rest[-4:] if len(rest) > _SHORT else rest[-2:]
    return " ".join(part for part in (f"+{code}" if code else "", "•••", "•••", shown) if part)


def _plain(text: str) -> str:
    """What was typed, without `tel:`, with plain digits; raises where it is no number at all."""
    if len(text) > _LONGEST:
        raise InvalidPhoneNumber(f"This is not a phone number. {_HOW}")
    if any(unicodedata.category(character) in {"Cf", "Cc"} for character in text.strip()):
        raise InvalidPhoneNumber(
            "This number holds invisible characters: type it by hand instead of pasting it."
        )
    written = re.sub(r"^tel:\s*", "", text.strip(), flags=re.IGNORECASE)
    if not written:
        raise InvalidPhoneNumber(f"Whom shall I call? {_HOW}")
    if _EXTENSION.search(written):
        raise InvalidPhoneNumber(
            "I cannot dial extensions. Give a number that rings the person directly."
        )
    if not _LOOKS_LIKE_A_NUMBER.fullmatch(written):
        raise InvalidPhoneNumber(f"This is not a phone number. {_HOW}")
    return unicodedata.normalize("NFKC", written)


def _parsed(written: str, region: str | None) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(written, region)
    except NumberParseException as error:
        _refuse_short(written)
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            raise InvalidPhoneNumber(f"No country has this code. {_HOW}") from None
        raise InvalidPhoneNumber(f"This is not a phone number. {_HOW}") from None


def _refuse_impossible(parsed: phonenumbers.PhoneNumber) -> None:
    """Raise unless it is an ordinary subscriber's number."""
    if not phonenumbers.is_valid_number(parsed):
        # No emergency number or short code is a valid number of its country.
        _refuse_short(phonenumbers.national_significant_number(parsed))
        reason = _REASONS[phonenumbers.is_possible_number_with_reason(parsed)]
        raise InvalidPhoneNumber(f"{reason} {_HOW}")
    costly = phonenumbers.number_type(parsed) in _COSTLY_TYPES
    if costly or parsed.country_code in _COSTLY_CODES:
        raise InvalidPhoneNumber("This is a premium-rate number: I do not call those.")


def _refuse_short(written: str) -> None:
    if len(re.sub(r"\D", "", written)) <= _SHORT:
        raise InvalidPhoneNumber("I never call emergency numbers or short codes.")
