"""(b) Webhooks of many placed calls, durable before their 200."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bench.child import CALLBACK_KEY, a_bot, a_limit, bot_settings
from bench.commands import CHANNELS, PEOPLE, phone
from bench.load import Load, post, press
from bench.peers import a_hanging_voice, a_slack
from bench.table import Row, Section, median_ratio, ms, rate
from bot.domain.call import CallRequest, KeyOption
from bot.domain.call_state import CallState
from bot.domain.deployment import Deployment
from bot.domain.dial_policy import PlanLimits
from bot.domain.outcome import Placed
from bot.ports import Transaction
from bot.scheduler import SystemClock
from bot.services.settle_attempt import mark_sending, settle
from bot.voice.callback import CallbackAddresses
from bot.voice.key_ring import key_id
from storage.database import Database
from storage.reading import call_log

CONNECTIONS = 64
AT_LEAST = 0.5
CHUNK = 500
UNBOUNDED = 600.0
KEYS = (KeyOption(digit="1", label="Confirm", reply="Thank you!"),)

_ADDRESSES = CallbackAddresses(
    public_url="http://127.0.0.1",
    keys={key_id(CALLBACK_KEY): CALLBACK_KEY.encode()},
    current_kid=key_id(CALLBACK_KEY),
)
_DEPLOYMENT = Deployment(limits=PlanLimits(), is_listening=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedCall:
    """A call that the voice service has taken, and what it was told."""

    number: int
    token: bytes
    voice_call_id: str
    phone_number: str

    def webhooks(self, now: datetime) -> list[bytes]:
        """What comes of it: seven of ten calls are answered with a key, one without."""
        kind = self.number % 10
        at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        base = {"call_id": self.voice_call_id, "timestamp": at}
        named = {**base, "phone_number": self.phone_number}
        events: list[dict[str, object]] = []
        if kind <= 7:
            events.append({"event": "robo_call.answered", **named})
        if kind <= 6:
            events.append({"event": "robo_call.dtmf", "digit": "1", **base})
        result = "answered" if kind <= 7 else ("voicemail", "no_answer")[kind - 8]
        digit = "1" if kind <= 6 else None
        over = {"duration": 21, "result": result, "dtmf_input": digit}
        events.append({"event": "robo_call.completed", **named, **over})
        path = (_ADDRESSES.events_url(self.token) or "").removeprefix("http://127.0.0.1")
        return [post(path, json.dumps(event).encode(), "application/json") for event in events]


async def measure(*, repetitions: int, calls: int) -> Section:
    """Each repetition: the webhooks of `calls` calls at the bot, the same at the bare handler."""
    runs: list[tuple[Load, Load]] = []
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="robocall-bench-")))
        database = folder / "robocall.db"
        placed = await place_calls(database, (repetitions + 1) * calls)
        slack_url = await stack.enter_async_context(a_slack())
        voice_url = await stack.enter_async_context(a_hanging_voice())
        settings = bot_settings(database=database, slack_url=slack_url, voice_url=voice_url)
        bot = await stack.enter_async_context(a_bot(settings))
        bare = await stack.enter_async_context(a_limit("json", folder))
        for chunk in batches(placed, calls):
            runs.append((await _deliver(bot, chunk), await _deliver(bare, chunk)))
        assert _ended(database) == len(placed), "a webhook was answered 200 and not applied"
    return _section(runs[1:])  # the first was for warming up


def _ended(database: Path) -> int:
    with call_log(database) as (columns, rows):
        state = columns.index("state")
        return sum(1 for row in rows if row[state] == CallState.ENDED)


async def _deliver(url: str, placed: Sequence[PlacedCall]) -> Load:
    now = SystemClock().now()
    scripts = [call.webhooks(now) for call in placed]
    return await press(url, scripts, connections=CONNECTIONS, seconds=UNBOUNDED)


def _section(runs: Sequence[tuple[Load, Load]]) -> Section:
    ours, limit = [a for a, _ in runs], [b for _, b in runs]
    ratio = median_ratio([a.rate for a in ours], [b.rate for b in limit])
    rows = [
        Row(
            what=f"{CONNECTIONS} connections: throughput",
            bot=rate([a.rate for a in ours]),
            beside=rate([b.rate for b in limit]),
            ratio=f"{ratio:.0%}",
            target=f">= {AT_LEAST:.0%}",
            is_met=ratio >= AT_LEAST,
        ),
        Row(
            what=f"{CONNECTIONS} connections: p50, p99",
            bot=f"{ms([a.p50 for a in ours])}, {ms([a.p99 for a in ours])}",
            beside=f"{ms([b.p50 for b in limit])}, {ms([b.p99 for b in limit])}",
        ),
    ]
    return Section(
        title="(b) webhooks, stored and applied before their 200",
        beside="bare aiohttp, JSON parsed",
        rows=rows,
    )


# --- calls that have been placed ------------------------------------------------------------


async def place_calls(database: Path, count: int) -> list[PlacedCall]:
    """Store calls as the bot does, up to the answer of the voice service."""
    placed: list[PlacedCall] = []
    store = await Database.open(database)
    now = SystemClock().now()
    for begin in range(0, count, CHUNK):
        numbers = range(begin, min(begin + CHUNK, count))
        placed += await store.write(partial(_placed, numbers=numbers, now=now))
    await store.close()
    return placed


def _placed(tx: Transaction, *, numbers: Sequence[int], now: datetime) -> list[PlacedCall]:
    return [_place(tx, number, now) for number in numbers]


def _place(tx: Transaction, number: int, now: datetime) -> PlacedCall:
    request = CallRequest(
        phone_number=phone(number),
        requested_by=f"U0BENCH{number % PEOPLE:02d}",
        channel=f"C0BENCH{number % CHANNELS:02d}",
        message="Hello {{name}}, your table is ready. Press 1 to confirm.",
        variables={"name": f"Ann {number}"},
        keys=KEYS,
        goal="1",
    )
    expires_at = now + timedelta(hours=1)
    call_id = tx.add_call(
        request, state=CallState.QUEUED, created_at=now, due_at=now, expires_at=expires_at
    )
    call = tx.call(call_id or 0)
    assert call
    attempt = tx.add_attempt(call, attempt_no=1, token=secrets.token_bytes(16), now=now)
    tx.update_call(call.id, state=CallState.DIALING, attempt_id=attempt.id)
    mark_sending(tx, attempt.id, now=now)
    outcome = Placed(voice_call_id=f"robo_{number}", message="Call queued")
    settle(tx, attempt.id, outcome, now=now, deployment=_DEPLOYMENT)
    return PlacedCall(
        number=number,
        token=attempt.token,
        voice_call_id=outcome.voice_call_id,
        phone_number=request.phone_number,
    )


def batches(calls: Sequence[PlacedCall], size: int) -> Iterator[Sequence[PlacedCall]]:
    """Slices of that size."""
    for begin in range(0, len(calls), size):
        yield calls[begin : begin + size]
