"""`robocall check`: is everything there, and if not, what to do about it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient
from typing_extensions import override

from bot.config import Settings, SettingsError
from bot.domain.errors import VoiceError, VoiceRefused
from bot.scheduler import SystemClock
from bot.slack.troubles import Kind, SlackTrouble, asked
from bot.voice.callback import CallbackAddresses
from bot.voice.client import HttpVoiceService
from storage.database import Database, DatabaseRefused
from storage.reading import dead_messages

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "answer when somebody mentions the bot",
    "chat:write": "post and edit the cards",
    "commands": "take /robocall and the shortcuts",
    "im:history": "answer direct messages",
    "users:read": "know people's time zones, and who is an admin",
}
OPTIONAL_SCOPES: Mapping[str, str] = {
    "channels:history": "see after a broken line whether a message had arrived",
    "chat:write.public": "post in public channels without an invitation",
    "groups:history": "the same look in private channels",
}
SAFE_SQLITE = (3, 51, 3)
"""Older ones can damage a WAL file when two connections write at once (engine-facts 7)."""

NOT_FOUND = 404
UNAUTHORISED = (401, 403)
_NO_SUCH_CALL = "robocall_check"
_LONGEST_ANSWER = 1024
_PATIENCE = timedelta(seconds=15)
_LATELY = timedelta(days=7)
_NO_ANSWER = (Kind.NOT_SENT, Kind.LOST, Kind.RATE_LIMITED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One line of the report; `what` is wrong or right, `cure` what to do if wrong."""

    is_right: bool
    part: str
    what: str
    cure: str = ""

    @override
    def __str__(self) -> str:
        mark = "ok   " if self.is_right else "WRONG"
        cure = f"\n        -> {self.cure}" if self.cure else ""
        return f"{mark} {self.part}: {self.what}{cure}"


def _right(part: str, what: str, cure: str = "") -> Finding:
    return Finding(is_right=True, part=part, what=what, cure=cure)


def _wrong(part: str, what: str, cure: str) -> Finding:
    return Finding(is_right=False, part=part, what=what, cure=cure)


async def look(environment: Mapping[str, str] | None = None) -> list[Finding]:
    """Look at everything the bot needs; never raises for what is wrong."""
    try:
        settings = Settings.load(environment)
    except SettingsError as error:
        cure = "The README's table of settings says what each one means."
        return [_wrong("settings", problem, cure) for problem in error.problems]
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_PATIENCE.total_seconds())
    ) as http:
        client = AsyncWebClient(base_url=settings.slack_api_url, session=http, retry_handlers=[])
        return [
            _right("settings", "complete"),
            *await _slack_token(client, settings),
            *await _slack_delivery(client, settings),
            await _voice_api(settings),
            await _public_url(http, settings),
            await _database(settings),
            *_messages(settings),
            _sqlite(),
        ]


async def _slack_token(client: AsyncWebClient, settings: Settings) -> list[Finding]:
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else ""
    try:
        answer = await asked(client.auth_test(token=token), deadline=_PATIENCE)
    except SlackTrouble as trouble:
        cure = "Copy SLACK_BOT_TOKEN again: api.slack.com/apps > your app > OAuth & Permissions."
        return [_wrong("Slack token", *_slack_said(trouble, settings, cure=cure))]
    found = _right("Slack token", f"{answer.get('user')} in {answer.get('team')}")
    header = {k.lower(): v for k, v in answer.headers.items()}.get("x-oauth-scopes", "")
    return [found, *_scopes({scope.strip() for scope in str(header).split(",")})]


def _scopes(granted: set[str]) -> list[Finding]:
    again = "Add it in manifest.yml of your app (OAuth & Permissions) and reinstall the app."
    missing = [
        _wrong("Slack scope", f"{scope} is missing; it is needed to {reason}", again)
        for scope, reason in SCOPES.items()
        if scope not in granted
    ]
    without = [
        _right("Slack scope", f"{scope} is not granted (optional)", f"It would let me {reason}.")
        for scope, reason in OPTIONAL_SCOPES.items()
        if scope not in granted
    ]
    return [*(missing or [_right("Slack scopes", "all that are needed")]), *without]


async def _slack_delivery(client: AsyncWebClient, settings: Settings) -> list[Finding]:
    if settings.slack_app_token is None:
        where = f"{settings.public_url or 'https://YOUR-HOST'}/slack/events"
        cure = f"Slack must be told the address {where} (see the top of manifest.yml)."
        return [_right("Slack delivery", "HTTP, with a signing secret", cure)]
    try:
        token = settings.slack_app_token.get_secret_value()
        await asked(client.apps_connections_open(app_token=token), deadline=_PATIENCE)
    except SlackTrouble as trouble:
        cure = (
            "Make an app-level token with connections:write (Basic Information) and set it as"
            " SLACK_APP_TOKEN; Socket Mode must be on."
        )
        return [_wrong("Slack socket", *_slack_said(trouble, settings, cure=cure))]
    return [_right("Slack socket", "Socket Mode can connect")]


def _slack_said(trouble: SlackTrouble, settings: Settings, *, cure: str) -> tuple[str, str]:
    """What is wrong, and its cure: another one when Slack did not say anything."""
    if trouble.kind in _NO_ANSWER:
        url = settings.slack_api_url
        return f"no answer ({trouble.error})", f"Can this machine reach {url}?"
    return f"Slack answers {trouble.error}", cure


async def _voice_api(settings: Settings) -> Finding:
    """Asks for a call that cannot be: "not found" means that address and key are right."""
    addresses = CallbackAddresses(public_url=None, keys={"1": bytes(32)}, current_kid="1")
    key = settings.voice_api_key.get_secret_value() if settings.voice_api_key else ""
    voice = HttpVoiceService(
        base_url=settings.voice_api_url, api_key=key, addresses=addresses, clock=SystemClock()
    )
    try:
        await voice.look_up(_NO_SUCH_CALL)
    except VoiceRefused as error:
        if error.code == NOT_FOUND:
            return _not_found(settings, error)
        if error.code in UNAUTHORISED:
            cure = "Copy VOICE_API_KEY again from your account of the voice service."
            return _wrong("voice API", f"it does not accept the key ({error.code})", cure)
        return _wrong("voice API", f"it answers {error.code}", "Is VOICE_API_URL the right one?")
    except VoiceError as error:
        cure = f"Can this machine reach {settings.voice_api_url}?"
        return _wrong("voice API", f"no usable answer: {error}", cure)
    finally:
        await voice.aclose()
    return _right("voice API", f"{settings.voice_api_url} answers")


def _not_found(settings: Settings, error: VoiceRefused) -> Finding:
    """A "not found" in the service's own words; any web server can say it without words."""
    if str(NOT_FOUND) not in error.reason:
        return _right("voice API", f"{settings.voice_api_url} accepts the key")
    advice = "It said so without a reason. If calls are refused, look at VOICE_API_URL again."
    return _right("voice API", f"{settings.voice_api_url} answers {NOT_FOUND}", advice)


async def _public_url(http: aiohttp.ClientSession, settings: Settings) -> Finding:
    if settings.public_url is None:
        cure = "Results come by asking, a little later; replies to keys are not spoken."
        return _right("public URL", "not set", cure)
    address = f"{settings.public_url}/healthz"
    async with _answering(settings):
        try:
            async with http.get(address, allow_redirects=False) as response:
                status, said = response.status, await response.content.read(_LONGEST_ANSWER)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            what = f"{address} cannot be reached ({type(error).__name__})"
            return _wrong("public URL", what, _forward(settings))
    if status != web.HTTPOk.status_code:
        return _wrong("public URL", f"{address} answers {status}", _forward(settings))
    if b"alive" not in said:
        return _wrong("public URL", f"{address} leads to something else", _forward(settings))
    return _right("public URL", f"{address} reaches this machine")


def _forward(settings: Settings) -> str:
    port = f"{settings.robocall_host}:{settings.robocall_port}"
    return f"Your proxy must forward it, as it is and without redirects, to {port} here."


@asynccontextmanager
async def _answering(settings: Settings) -> AsyncIterator[None]:
    """Answer in the bot's place while it does not run."""

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    app = web.Application()
    app.add_routes([web.get("/healthz", alive)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    with suppress(OSError):  # the port is taken: the bot itself runs and answers
        await web.TCPSite(runner, settings.robocall_host, settings.robocall_port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def _database(settings: Settings) -> Finding:
    path = settings.robocall_db
    if not path.exists():
        folder = path.resolve().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            cure = "Make this folder, writable for this user, or set ROBOCALL_DB elsewhere."
            return _wrong("database", f"{folder} is not a folder I can write to", cure)
        return _right("database", f"{path} will be made at the first start")
    try:
        database = await Database.open(path)
        try:
            await database.verified()
        finally:
            await database.close()
    except DatabaseRefused as refused:
        if "Another Robocall" in str(refused):
            return _right("database", f"{path} is in use by a running Robocall")
        return _wrong("database", f"{path} cannot be used", str(refused))
    return _right("database", f"{path} is whole")


def _messages(settings: Settings) -> list[Finding]:
    """Whether Slack took everything; nothing if the database cannot say."""
    try:
        dead = dead_messages(settings.robocall_db, since=SystemClock().now() - _LATELY)
    except DatabaseRefused:
        return []
    if not dead:
        return [_right("Slack messages", "none was given up")]
    cure = (
        "The log says why (slack.outbox_dead). Is the bot in the channels it shall write to? The"
        " calls themselves are not affected: /robocall list shows them."
    )
    return [_wrong("Slack messages", f"{dead} given up in the last {_LATELY.days} days", cure)]


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    advice = ""
    if sqlite3.sqlite_version_info < SAFE_SQLITE:
        advice = (
            "Do not write to the database with another program while the bot runs: this version"
            " can damage the file then (mended in 3.51.3)."
        )
    return _right("SQLite", version, advice)
