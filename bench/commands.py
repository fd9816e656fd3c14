"""Slash commands as Slack sends them: signed, each asking for another call."""

from __future__ import annotations

import hashlib
import hmac
import itertools
from collections.abc import Iterator
from urllib.parse import urlencode

from bench.child import SIGNING_SECRET
from bench.load import post
from bot.scheduler import SystemClock

CHANNELS = 16
PEOPLE = 50
AREAS = ("212", "312", "415", "503", "617", "702", "808", "907")

_clock = SystemClock()
_numbers = itertools.count()


def commands() -> Iterator[list[bytes]]:
    """One signed `/robocall` after the other, for ever."""
    while True:
        yield [command(next(_numbers))]


def command(number: int) -> bytes:
    """The request of one command; only numbers that are kept for examples are called."""
    fields = {
        "token": "not-used",
        "team_id": "T0BENCH",
        "team_domain": "bench",
        "channel_id": f"C0BENCH{number % CHANNELS:02d}",
        "channel_name": "front-desk",
        "user_id": f"U0BENCH{number % PEOPLE:02d}",
        "user_name": "ben",
        "command": "/robocall",
        "text": f'{phone(number)} "Hello {{{{name}}}}, table {number} is ready." name=Ann',
        "api_app_id": "A0BENCH",
        "is_enterprise_install": "false",
        "response_url": "https://hooks.slack.com/commands/T0BENCH/1/x",
        "trigger_id": f"{number}.{_clock.now().timestamp()}",
    }
    body = urlencode(fields).encode()
    stamp = str(int(_clock.now().timestamp()))
    signed = hmac.new(SIGNING_SECRET.encode(), b"v0:%b:%b" % (stamp.encode(), body), hashlib.sha256)
    headers = (
        f"X-Slack-Request-Timestamp: {stamp}\r\nX-Slack-Signature: v0={signed.hexdigest()}\r\n"
    )
    return post("/slack/events", body, "application/x-www-form-urlencoded", headers)


def phone(number: int) -> str:
    """One of the 1,800 numbers kept for examples that the bot takes."""
    at = number % 1800
    if at < 1000:
        return f"+447700900{at:03d}"
    return f"+1{AREAS[(at - 1000) // 100]}5550{at % 100 + 100:03d}"
