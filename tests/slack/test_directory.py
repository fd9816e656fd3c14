from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.ports import Profile
from bot.sandbox.clock import PushedClock
from bot.sandbox.slack import SlackServer
from bot.slack.directory import SlackDirectory, to_profile
from bot.slack.troubles import Kind, SlackTrouble, asked, from_network, from_status, retry_after
from tests.slack.examples import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def directory(
    slack: SlackServer, clock: PushedClock, http: aiohttp.ClientSession
) -> SlackDirectory:
    """A directory that asks the embedded Slack."""
    client = AsyncWebClient(
        token=slack.bot_token, base_url=slack.api_url, session=http, retry_handlers=[]
    )
    return SlackDirectory(client, clock)


async def test_a_person_is_known_by_zone_role_and_locale(directory: SlackDirectory) -> None:
    """What the bot needs to read times and to decide who may see numbers."""
    assert await directory.profile("U0PRIYA") == Profile(
        user_id="U0PRIYA", zone="Asia/Kolkata", is_admin=False, fetched_at=NOW, locale="en-IN"
    )
    assert (await directory.profile("U0ANA")).is_admin is True


async def test_a_stranger_is_a_lookup_error(directory: SlackDirectory) -> None:
    """Whatever the reason, Slack's own word is in it."""
    with pytest.raises(LookupError, match="user_not_found"):
        await directory.profile("U0NOBODY")


async def test_a_person_without_a_zone_is_a_lookup_error() -> None:
    """Times could not be read: better to say so than to guess."""

    async def no_zone(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "user": {"id": "U1"}})

    server = web.Application()
    server.router.add_get("/users.info", no_zone)
    async with _served(server) as url:
        directory = SlackDirectory(AsyncWebClient(token="x", base_url=url), PushedClock(NOW))
        with pytest.raises(LookupError, match="no time zone"):
            await directory.profile("U1")


def test_an_owner_is_an_admin_and_the_locale_has_a_default() -> None:
    """As in events, which carry the same user object."""
    profile = to_profile({"id": "U1", "tz": "Europe/London", "is_owner": True}, now=NOW)
    assert profile == Profile(
        user_id="U1", zone="Europe/London", is_admin=True, fetched_at=NOW, locale="en-US"
    )
    assert to_profile({"tz": "Europe/London"}, now=NOW) is None


@pytest.mark.parametrize("zone", ["Mars/Olympus", "America", "../etc", None, ""])
def test_a_zone_this_machine_does_not_know_is_none(zone: str | None) -> None:
    """Slack's list may be newer than ours; a time in it is asked for again, never guessed."""
    assert to_profile({"id": "U1", "tz": zone}, now=NOW) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("0", 1), ("-1", 30), ("abc", 30), ("", 30), ("999999999", 3600), ("²", 30)],
)
def test_retry_after_stays_within_reason(text: str, seconds: int) -> None:
    """Neither at once, nor never again."""
    assert retry_after({"Retry-After": text}) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, "ratelimited", Kind.RATE_LIMITED),
        (200, "rate_limited", Kind.RATE_LIMITED),
        (200, "is_archived", Kind.NO_CHANNEL),
        (200, "restricted_action_read_only_channel", Kind.NO_CHANNEL),
        (200, "thread_not_found", Kind.NO_MESSAGE),
        (200, "msg_too_long", Kind.TOO_BIG),
        (200, "account_inactive", Kind.NO_ACCESS),
        (200, "service_unavailable", Kind.LOST),
        (503, "", Kind.LOST),
        (200, "", Kind.LOST),
        (404, "", Kind.LOST),
        (200, "as_yet_unheard_of", Kind.REFUSED),
    ],
)
def test_every_answer_has_its_kind(status: int, error: str, kind: Kind) -> None:
    """What is not surely a no leaves open whether it was done."""
    trouble = from_status(status, {}, error=error)
    assert trouble.kind is kind
    assert (trouble.wait > timedelta()) is (kind is Kind.RATE_LIMITED)


def test_only_a_connection_that_was_never_made_is_harmless() -> None:
    """Everything later may have been done."""
    assert from_network(aiohttp.ConnectionTimeoutError()).kind is Kind.NOT_SENT
    assert from_network(aiohttp.ServerDisconnectedError()).kind is Kind.LOST
    assert from_network(TimeoutError()).kind is Kind.LOST


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("fine, thanks", "text/plain", 200),
        ("<html>", "text/html", 200),
        ("{", "application/json", 200),
        ("[]", "application/json", 200),
        ("gateway", "text/plain", 502),
    ],
)
async def test_an_answer_that_is_not_slacks_leaves_it_open(
    body: str, content_type: str, status: int
) -> None:
    """A proxy in between, a cut answer: no usable word."""

    async def nonsense(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type=content_type, status=status)

    server = web.Application()
    server.router.add_post("/api.test", nonsense)
    async with _served(server) as url:
        client = AsyncWebClient(token="x", base_url=url, retry_handlers=[])
        with pytest.raises(SlackTrouble) as raised:
            await asked(client.api_test(), deadline=SECOND * 5)
    assert raised.value.kind is Kind.LOST


@asynccontextmanager
async def _served(app: web.Application) -> AsyncIterator[str]:
    """The address of an application, for as long as the block."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()
