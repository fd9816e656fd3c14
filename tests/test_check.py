"""`robocall check` between the embedded Slack and voice service: each thing wrong has its cure."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.__main__ import main
from bot.check import OPTIONAL_SCOPES, SCOPES, Finding, look
from bot.demo import free_port, manifest
from bot.ports import Transaction
from bot.sandbox.clock import RealClock
from bot.sandbox.slack import SlackServer, Workspace
from bot.sandbox.slack.faults import Fault
from bot.sandbox.voice_api import FREE, RunningServer, start
from bot.scheduler import SystemClock
from storage.database import Database
from tests.support.logs import logging_put_back
from tests.support.raw_server import Behaviour, RawServer, answers, closes, resets

KEY = "the-key-of-the-voice-service"


@dataclass(kw_only=True)
class Surroundings:
    """Both peers, and settings that are right until a test changes them."""

    slack: SlackServer
    voice: RunningServer
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    async def wrong(self, **changes: str | None) -> list[Finding]:
        """What is wrong with these settings."""
        return [finding for finding in await self.found(**changes) if not finding.is_right]

    async def found(self, **changes: str | None) -> list[Finding]:
        """Everything that is told; None takes a setting away."""
        given = {name: value for name, value in (self.settings | changes).items() if value}
        return await look(given)


@pytest.fixture
async def around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Surroundings]:
    """An embedded Slack with the app installed, an embedded voice service, an empty folder."""
    monkeypatch.chdir(tmp_path)
    slack = SlackServer(Workspace(manifest(), clock=RealClock()))
    await slack.start()
    voice = await start(plan=FREE, clock=RealClock(), api_key=KEY)
    settings = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": slack.api_url,
        "VOICE_API_KEY": KEY,
        "VOICE_API_URL": voice.api_url,
        "ROBOCALL_DB": str(tmp_path / "robocall.db"),
        "ROBOCALL_PORT": str(free_port()),
    }
    yield Surroundings(slack=slack, voice=voice, folder=tmp_path, settings=settings)
    await voice.close()
    await slack.close()


@pytest.fixture
def port(around: Surroundings) -> str:
    """Where the bot would listen."""
    return around.settings["ROBOCALL_PORT"]


async def test_all_is_right(around: Surroundings, port: str) -> None:
    """Every part is told by name, and nothing is wrong."""
    found = await around.found(PUBLIC_URL=f"http://127.0.0.1:{port}")
    assert [finding for finding in found if not finding.is_right] == []
    assert [finding.part for finding in found] == [
        "settings",
        "Slack token",
        "Slack scopes",
        "Slack socket",
        "voice API",
        "public URL",
        "database",
        "SQLite",
    ]
    told = "\n".join(map(str, found))
    assert "Slack token: robocall in Harbour House" in told
    assert "accepts the key" in told
    assert "reaches this machine" in told
    assert "will be made at the first start" in told
    assert not (around.folder / "robocall.db").exists()


async def test_http_mode_is_told_with_the_address_for_slack(around: Surroundings) -> None:
    """Without an app token there is no socket to try, but an address to enter at Slack."""
    found = await around.found(SLACK_APP_TOKEN=None, SLACK_SIGNING_SECRET="s" * 32)
    (delivery,) = [finding for finding in found if finding.part == "Slack delivery"]
    assert delivery.is_right
    assert "https://YOUR-HOST/slack/events" in delivery.cure


async def test_wrong_settings_are_told_one_by_one(around: Surroundings) -> None:
    """Nothing is asked of anybody before the settings are complete."""
    wrong = await around.wrong(VOICE_API_KEY=None, ROBOCALL_PORT="x", VOICE_TYPO="1")
    assert {finding.part for finding in wrong} == {"settings"}
    assert len(wrong) == 3
    asked = [each for each in around.slack.workspace.exchanges if each.direction == "from_app"]
    assert asked == []


@pytest.mark.parametrize(
    ("setting", "value", "part", "said", "cure"),
    [
        ("SLACK_BOT_TOKEN", "xoxb-no", "Slack token", "invalid_auth", "SLACK_BOT_TOKEN again"),
        ("SLACK_APP_TOKEN", "xapp-no", "Slack socket", "invalid_auth", "connections:write"),
        ("VOICE_API_KEY", "another-key", "voice API", "(401)", "VOICE_API_KEY again"),
    ],
)
async def test_a_wrong_token_or_key(
    around: Surroundings, *, setting: str, value: str, part: str, said: str, cure: str
) -> None:
    """It says who refuses what, and where the right one is found."""
    (wrong,) = await around.wrong(**{setting: value})
    assert wrong.part == part
    assert said in wrong.what
    assert cure in wrong.cure


async def test_a_revoked_token(around: Surroundings) -> None:
    """Slack's own word is told."""
    around.slack.revoke_token("account_inactive")
    (wrong,) = await around.wrong()
    assert wrong.what == "Slack answers account_inactive"


@pytest.mark.parametrize("scope", sorted(SCOPES))
async def test_each_missing_scope_is_named(around: Surroundings, scope: str) -> None:
    """With what it is needed for, and how to add it."""
    without = deepcopy(manifest())
    without["oauth_config"]["scopes"]["bot"].remove(scope)
    slack = SlackServer(Workspace(without, clock=RealClock()))
    await slack.start()
    wrong = await around.wrong(
        SLACK_API_URL=slack.api_url,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_APP_TOKEN=slack.app_token,
    )
    await slack.close()
    assert [finding.part for finding in wrong] == ["Slack scope"]
    assert wrong[0].what == f"{scope} is missing; it is needed to {SCOPES[scope]}"
    assert "reinstall the app" in wrong[0].cure


async def test_optional_scopes_may_be_missing(around: Surroundings) -> None:
    """Whoever installed the app may have unticked them: told, but not wrong."""
    without = deepcopy(manifest())
    without["oauth_config"]["scopes"]["bot_optional"] = []
    slack = SlackServer(Workspace(without, clock=RealClock()))
    await slack.start()
    found = await around.found(
        SLACK_API_URL=slack.api_url,
        SLACK_BOT_TOKEN=slack.bot_token,
        SLACK_APP_TOKEN=slack.app_token,
    )
    await slack.close()
    told = [finding for finding in found if "(optional)" in finding.what]
    assert len(told) == len(OPTIONAL_SCOPES)
    assert all(finding.is_right for finding in found)


def test_the_scopes_are_those_of_the_manifest() -> None:
    """What is checked is what the app asks for, no more and no less (A5)."""
    scopes = manifest()["oauth_config"]["scopes"]
    assert set(scopes["bot"]) == set(SCOPES)
    assert set(scopes["bot_optional"]) == set(OPTIONAL_SCOPES)


@pytest.mark.parametrize(
    ("method", "part"),
    [("auth.test", "Slack token"), ("apps.connections.open", "Slack socket")],
)
@pytest.mark.parametrize(
    "fault", [Fault(status=503), Fault(drops=True), Fault.rate_limited(), Fault(status=200)]
)
async def test_a_slack_that_does_not_answer(
    around: Surroundings, method: str, part: str, fault: Fault
) -> None:
    """An outage is told as one: the token may well be right."""
    around.slack.faults.plan(method, fault)
    (wrong,) = await around.wrong()
    assert wrong.part == part
    assert wrong.what.startswith("no answer (")
    assert around.slack.api_url in wrong.cure


@pytest.mark.parametrize("behaviour", [closes, resets, answers(503), answers(200, [])])
async def test_a_voice_service_that_does_not_answer(
    around: Surroundings, behaviour: Behaviour
) -> None:
    """Reset, closed, overloaded or talking nonsense: nothing usable, and where we looked."""
    async with RawServer(behaviour) as server:
        url = server.url
        (wrong,) = await around.wrong(VOICE_API_URL=url)
    assert wrong.part == "voice API"
    assert "no usable answer" in wrong.what
    assert url in wrong.cure


async def test_nobody_is_there(around: Surroundings) -> None:
    """With every peer unreachable the report is still whole: one line for each part."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    wrong = await around.wrong(SLACK_API_URL=nowhere, VOICE_API_URL=nowhere, PUBLIC_URL=nowhere)
    assert [finding.part for finding in wrong] == [
        "Slack token",
        "Slack socket",
        "voice API",
        "public URL",
    ]
    assert all(nowhere in finding.cure + finding.what for finding in wrong)


async def test_a_refusal_of_another_kind_points_at_the_address(around: Surroundings) -> None:
    """A 405 is neither the key nor the network."""
    async with RawServer(answers(405, {"error": "no"})) as server:
        (wrong,) = await around.wrong(VOICE_API_URL=server.url)
    assert (wrong.what, wrong.cure) == ("it answers 405", "Is VOICE_API_URL the right one?")


async def test_not_found_without_a_word_is_taken_with_a_grain_of_salt(
    around: Surroundings,
) -> None:
    """Any web server says 404: where the service gives no reason the address may be wrong."""
    async with RawServer(answers(404, b"<html>nothing here</html>")) as server:
        found = await around.found(VOICE_API_URL=server.url)
    (voice,) = [finding for finding in found if finding.part == "voice API"]
    assert voice.is_right
    assert "VOICE_API_URL" in voice.cure


async def test_a_service_that_knows_our_made_up_call_is_right_too(around: Surroundings) -> None:
    """Some sandboxes answer for any id."""
    said = {"call_id": "robocall_check", "status": "queued"}
    async with RawServer(answers(200, said)) as server:
        assert await around.wrong(VOICE_API_URL=server.url) == []


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (answers(301, location="https://bot.example.com/healthz"), "answers 301"),
        (answers(502), "answers 502"),
        (answers(200, b"<h1>Welcome to nginx</h1>"), "leads to something else"),
        (closes, "cannot be reached"),
    ],
)
async def test_a_public_url_that_does_not_lead_here(
    around: Surroundings, port: str, behaviour: Behaviour, said: str
) -> None:
    """Redirects, a broken proxy, another site, a dead tunnel (W26): what to forward where."""
    async with RawServer(behaviour) as server:
        url = f"{server.url}/bot"
        (wrong,) = await around.wrong(PUBLIC_URL=url)
    assert wrong.part == "public URL"
    assert f"{url}/healthz" in wrong.what
    assert said in wrong.what
    assert f"127.0.0.1:{port}" in wrong.cure


async def test_no_public_url_is_a_choice(around: Surroundings) -> None:
    """It is told what that means, and nothing is wrong."""
    found = await around.found()
    (finding,) = [each for each in found if each.part == "public URL"]
    assert finding.is_right
    assert finding.cure.startswith("Results come by asking")


async def test_beside_a_running_bot(around: Surroundings, port: str) -> None:
    """Its port is taken and its file locked, which is as it should be."""

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    app = web.Application()
    app.router.add_get("/healthz", alive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    database = await Database.open(around.folder / "robocall.db")
    found = await around.found(PUBLIC_URL=f"http://127.0.0.1:{port}")
    await database.close()
    await runner.cleanup()
    assert all(finding.is_right for finding in found)
    assert "in use by a running Robocall" in "\n".join(map(str, found))


async def test_a_database_that_is_whole(around: Surroundings) -> None:
    """It is read from end to end, and let go."""
    path = around.folder / "robocall.db"
    await (await Database.open(path)).close()
    for _ in range(2):
        told = "\n".join(map(str, await around.found()))
        assert f"{path} is whole" in told


async def test_messages_that_slack_never_took_are_counted(around: Surroundings) -> None:
    """S16: those of the last week, so that the report is right again some day."""
    now = SystemClock().now()
    database = await Database.open(around.folder / "robocall.db")

    def work(tx: Transaction) -> None:
        for days in (1, 2, 8):
            at = now - timedelta(days=days)
            tx.add_direct(user_id=f"U{days}", text="Hello", call_id=None, now=at)
        tx.add_direct(user_id="U9", text="It still waits", call_id=None, now=now)
        for item in tx.outbox_pending(now=now - timedelta(hours=1), limit=9):
            tx.update_outbox(item.id, state="dead")

    await database.write(work)
    await database.close()
    (wrong,) = await around.wrong()
    assert wrong.what == "2 given up in the last 7 days"
    assert "slack.outbox_dead" in wrong.cure


def _corrupt(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096)


def _of_another_program(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table songs (title text)")


def _a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "cure"),
    [
        (_corrupt, "put back a backup"),
        (_of_another_program, "Name another file with ROBOCALL_DB"),
        (_a_folder, "Make the folder and the file writable"),
    ],
)
async def test_a_database_that_cannot_be_used(
    around: Surroundings, make: Callable[[Path], None], cure: str
) -> None:
    """Damaged, foreign, or not a file at all: each with what to do."""
    make(around.folder / "robocall.db")
    (wrong,) = await around.wrong()
    assert wrong.part == "database"
    assert cure in wrong.cure


async def test_a_database_that_another_program_holds(around: Surroundings) -> None:
    """Locked by somebody's sqlite3 shell: told after the usual patience, with the cure."""
    path = around.folder / "robocall.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("begin exclusive")
        (wrong,) = await around.wrong()
    assert wrong.part == "database"
    assert "Close other programs" in wrong.cure


@pytest.mark.parametrize("folder", ["missing", "a-file"])
async def test_a_folder_that_cannot_hold_the_database(around: Surroundings, folder: str) -> None:
    """No such folder, or none at all: before anything is made."""
    (around.folder / "a-file").touch()
    (wrong,) = await around.wrong(ROBOCALL_DB=str(around.folder / folder / "robocall.db"))
    assert wrong.part == "database"
    assert "set ROBOCALL_DB elsewhere" in wrong.cure


async def test_the_command_prints_it_and_tells_by_its_exit_status(
    around: Surroundings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`robocall check` exits 0 if all is right, 1 if anything is wrong; no secret is printed."""
    for name, value in around.settings.items():
        monkeypatch.setenv(name, value)
    with logging_put_back():
        assert await asyncio.to_thread(main, ["check"]) == 0
        right = capsys.readouterr()
        monkeypatch.setenv("VOICE_API_KEY", "canary-of-a-key")
        assert await asyncio.to_thread(main, ["check"]) == 1
        wrong = capsys.readouterr()
    assert "ok    Slack scopes: all that are needed\n" in right.out
    assert "WRONG voice API: it does not accept the key (401)\n        -> Copy" in wrong.out
    secrets = [around.slack.bot_token, around.slack.app_token, KEY, "canary-of-a-key"]
    printed = "".join([*right, *wrong])
    assert [secret for secret in secrets if secret in printed] == []
