"""Times as people write them, and times as people read them.

`in 30m`, `18:30`, `fri 2pm` or ISO 8601: read in the person's own zone, and always told back
in words with that zone (design.md 3.4). What could mean two things is refused, not guessed.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from bot.domain.errors import RobocallError

FARTHEST = timedelta(days=365)
GRACE = timedelta(minutes=1)
"""A time is given to the minute: the minute that runs just now is not past."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY_WORD = re.compile(
    r"\b(today|tomorrow|mon(?:day)?|tue(?:s|sday)?|wed(?:s|nesday)?|thu(?:r|rs|rsday)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?)\b"
)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:t|\s|$)(.*?)\s*(z|utc|gmt|[+-]\d\d(?::?\d\d)?)?")
_CLOCK = re.compile(
    r"(?P<hour>\d\d?)(?:[:.](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?"
)
_DURATION = re.compile(
    r"(?:(\d{1,4})\s*d(?:ays?)?)?\s*(?:(\d{1,5})\s*h(?:(?:ou)?rs?)?)?"
    r"\s*(?:(\d{1,6})\s*m(?:in(?:ute)?s?)?)?\s*(?:(\d{1,7})\s*s(?:ec(?:ond)?s?)?)?"
)
_HOW = "Write it like 18:30, tomorrow 9:00, fri 2pm, in 30m or 2026-11-24 09:00."


class InvalidTime(RobocallError):
    """This time cannot be kept; the message says why and how to write it."""


def parse_when(text: str, *, now: datetime, zone: ZoneInfo | None) -> datetime:
    """The moment that `text` means, in UTC; `now` is aware.

    A bare time that has passed today means tomorrow; any other passed time is returned as it
    is (`checked_moment` refuses it). A time that the clocks skip is moved forward with them;
    of one that comes twice the first is taken. Raises InvalidTime for what means nothing, and
    for words that need a zone if there is none.
    """
    words = _words(text)
    delay = timedelta(0) if words == "now" else _after_in(words)
    try:
        if delay is not None:
            return (now + delay).astimezone(UTC)
        return _instant(words) or _local(words, now=now, zone=zone)
    except (ValueError, OverflowError):  # 31 February, 25:00, the year 9999
        raise InvalidTime(f"There is no such time. {_HOW}") from None


def needs_zone(text: str) -> bool:
    """Whether `text` can only be read by somebody who knows the person's zone."""
    words = _words(text)
    iso = _ISO.fullmatch(words)
    is_absolute = words in {"", "now"} or _after_in(words) is not None
    return not is_absolute and not (iso and iso[5])


def checked_moment(at: datetime, *, now: datetime) -> datetime:
    """`at` in UTC; raises InvalidTime if it has passed or is more than a year away."""
    try:
        moment = at.astimezone(UTC)
    except OverflowError:
        raise InvalidTime(f"There is no such time. {_HOW}") from None
    if moment <= now - GRACE:
        raise InvalidTime(f"This time has passed. {_HOW}")
    if moment > now + FARTHEST:
        raise InvalidTime("This is more than a year away: I keep calls for 365 days at most.")
    return moment


def parse_duration(text: str) -> timedelta | None:
    """`30m`, `1h30m`, `2 days`; None where it is no duration."""
    words = _words(text)
    parts = _DURATION.fullmatch(words)
    if not words or parts is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def in_words(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`tomorrow, Tue 24 Nov 2026 at 09:00 (Europe/London, UTC+00:00)`."""
    there = at.astimezone(zone)
    days_ahead = (there.date() - now.astimezone(zone).date()).days
    near = {0: "today, ", 1: "tomorrow, "}.get(days_ahead, "")
    day = f"{_DAYS[there.weekday()]} {there.day} {_MONTHS[there.month - 1]} {there.year}"
    offset = f"{there:%z}"
    return f"{near}{day} at {there:%H:%M} ({zone.key}, UTC{offset[:3]}:{offset[3:5]})"


def _words(text: str) -> str:
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", unicodedata.normalize("NFKC", text).lower())
    return " ".join(re.sub(r"\bat\b|,(?!\d)", " ", plain).split())


def _after_in(words: str) -> timedelta | None:
    return parse_duration(words[3:]) if words.startswith("in ") else None


def _instant(words: str) -> datetime | None:
    """The moment of an ISO 8601 text that brings its own offset."""
    iso = _ISO.fullmatch(words)
    if iso is None or iso[5] is None:
        return None
    local = datetime.combine(_date(iso), _clock(iso[4]), _offset(iso[5]))
    return local.astimezone(UTC)


def _offset(text: str) -> timezone:
    if text in {"z", "utc", "gmt"}:
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if text.startswith("-") else ahead)


def _local(words: str, *, now: datetime, zone: ZoneInfo | None) -> datetime:
    """The moment of a text that means a time on the person's own clock."""
    iso = _ISO.fullmatch(words)
    day_words = _DAY_WORD.findall(words)
    if len(day_words) > 1:
        raise InvalidTime(f"This names two days. {_HOW}")
    clock = _clock(iso[4] if iso else _DAY_WORD.sub(" ", words).strip())
    if zone is None:
        raise InvalidTime(
            "I cannot see your time zone. Write in 30m, or add the offset: 2026-11-24 09:00+01:00."
        )
    today = now.astimezone(zone).date()
    if iso:
        return _moment(_date(iso), clock, zone)
    if day_words:
        return _on_day(day_words[0], clock, today=today, now=now, zone=zone)
    at = _moment(today, clock, zone)
    return at if at > now - GRACE else _moment(today + timedelta(days=1), clock, zone)


def _on_day(word: str, clock: time, *, today: date, now: datetime, zone: ZoneInfo) -> datetime:
    """`today` and `tomorrow` as they are; a day's name means the next such time to come."""
    if word in {"today", "tomorrow"}:
        return _moment(today + timedelta(days=word == "tomorrow"), clock, zone)
    ahead = (_DAYS.index(word[:3].title()) - today.weekday()) % 7
    at = _moment(today + timedelta(days=ahead), clock, zone)
    return at if at > now - GRACE else _moment(today + timedelta(days=ahead + 7), clock, zone)


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime:
    # fold=0 does both rules: in a gap it applies the offset from before it, which lands as far
    # behind the gap as the time was inside; of a time that comes twice it is the first.
    return datetime.combine(day, clock, zone).astimezone(UTC)


def _date(iso: re.Match[str]) -> date:
    return date(int(iso[1]), int(iso[2]), int(iso[3]))


def _clock(words: str) -> time:
    """The time of day that `words` mean; a bare `9` may be morning or evening: refused."""
    if not words:
        raise InvalidTime(f"At what time of that day? {_HOW}")
    found = _CLOCK.fullmatch(words)
    if found is None or not (found["minute"] or found["half"]):
        raise InvalidTime(f"I cannot read this time. {_HOW}")
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= 12:  # noqa: PLR2004 - a clock face
            raise InvalidTime(f"There is no such time. {_HOW}")
        hour = hour % 12 + (12 if found["half"].startswith("p") else 0)
    return time(hour, int(found["minute"] or 0), int(found["second"] or 0))
