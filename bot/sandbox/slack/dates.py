"""Dates in messages as a reader sees them: in the reader's own zone (slack-facts 2.7)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.sandbox.slack.people import Person

_TOKEN = re.compile(r"\{(\w+)\}")
_CLOCK_24 = ("en-GB", "de-DE", "fr-FR", "es-ES")
_NOON = 12
_TEENS = range(11, 14)
_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def clock_time(moment: datetime, reader: Person, *, seconds: bool = False) -> str:
    """The time of day in the reader's zone and habit: 14:05 or 2:05 PM."""
    local = moment.astimezone(ZoneInfo(reader.tz))
    tail = f":{local.second:02d}" if seconds else ""
    if reader.locale in _CLOCK_24:
        return f"{local.hour:02d}:{local.minute:02d}{tail}"
    half = "AM" if local.hour < _NOON else "PM"
    return f"{local.hour % _NOON or _NOON}:{local.minute:02d}{tail} {half}"


def show_date(timestamp: int, pattern: str, reader: Person, now: datetime) -> str:
    """A date pattern such as `{date_short_pretty} at {time}` filled in for that reader."""
    moment = datetime.fromtimestamp(timestamp, tz=UTC)
    return _TOKEN.sub(lambda found: _token(found, moment, reader, now), pattern)


def _token(found: re.Match[str], moment: datetime, reader: Person, now: datetime) -> str:
    name = found[1]
    if name in {"time", "time_secs"}:
        return clock_time(moment, reader, seconds=name == "time_secs")
    if name == "ago":
        return _ago(now - moment)
    zone = ZoneInfo(reader.tz)
    local, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    if name.endswith("_pretty") and (local - today).days in _NEAR:
        return _NEAR[(local - today).days]
    day = f"{local.day}{_suffix(local.day)}"
    shapes = {
        "date_num": local.isoformat(),
        "date_slash": f"{local:%m/%d/%Y}",
        "date": f"{local:%B} {day}, {local.year}",
        "date_short": f"{local:%b} {local.day}, {local.year}",
        "date_long": f"{local:%A}, {local:%B} {day}, {local.year}",
    }
    return shapes.get(name.removesuffix("_pretty"), found.group())


def _suffix(day: int) -> str:
    return "th" if day in _TEENS else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _ago(passed: timedelta) -> str:
    seconds = abs(passed.total_seconds())
    for size, unit in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            words = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"{words} ago" if passed > timedelta(0) else f"in {words}"
    return "just now"
