"""The command line as an operator uses it: real processes, real signals, exit statuses."""

from __future__ import annotations

import asyncio
import gc
import os
import re
import signal
import socket
import sqlite3
import sys
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from bot import demo
from bot.__main__ import main, parser
from bot.demo import free_port, manifest
from bot.domain.errors import StoreUnavailable
from bot.sandbox.clock import RealClock
from bot.sandbox.slack import SlackServer, Workspace
from bot.sandbox.voice_api import FREE, start
from tests.support.logs import logging_put_back

ROOT = Path(__file__).parent.parent
KEY = "the-key-of-the-voice-service"
SUBCOMMANDS = ["run", "demo", "sandbox", "check", "export"]
SOON = 20.0
"""Seconds of real time: only a failure takes as long."""


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    with logging_put_back():
        yield


# --- what can be typed -----------------------------------------------------------------


def test_the_commands_are_those_of_the_design() -> None:
    """Design 3.1, under the name `robocall`."""
    usage = parser().format_help()
    assert usage.startswith("usage: robocall ")
    assert re.findall(r"^    (\w+) ", usage, re.MULTILINE) == SUBCOMMANDS
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["scripts"] == {"robocall": "bot.__main__:main"}


@pytest.mark.parametrize(
    ("subcommand", "options"),
    [
        ("run", []),
        ("demo", ["--once", "--port"]),
        ("sandbox", ["--host", "--port", "--plan", "--speed", "--api-key"]),
        ("check", []),
        ("export", ["--format", "--output", "--db"]),
    ],
)
def test_each_command_explains_itself(
    subcommand: str, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` names every option and exits 0."""
    with pytest.raises(SystemExit) as left:
        main([subcommand, "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: robocall {subcommand}")
    assert set(re.findall(r"--[a-z-]+", shown)) == {*options, "--help"}


@pytest.mark.parametrize(
    "typed", [[], ["dance"], ["run", "fast"], ["sandbox", "--plan", "gold"], ["demo", "--twice"]]
)
def test_what_is_no_command_is_refused(
    typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2 and the usage, as everywhere."""
    with pytest.raises(SystemExit) as left:
        main(typed)
    assert left.value.code == 2
    assert "usage: robocall" in capsys.readouterr().err


def test_wrong_settings_stop_the_start_with_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1, all of it named, no stack trace, nothing made."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROBOCALL_PORT", "x")
    assert main(["run"]) == 1
    said = capsys.readouterr().err
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "VOICE_API_KEY", "ROBOCALL_PORT"):
        assert f"\n- {name} " in said
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before Slack is asked anything: one sentence, exit status 1."""
    monkeypatch.chdir(tmp_path)
    for name, value in settings_for("http://127.0.0.1:9", "http://127.0.0.1:9", tmp_path).items():
        monkeypatch.setenv(name, value)
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        monkeypatch.setenv("ROBOCALL_PORT", str(somebody.getsockname()[1]))
        assert main(["run"]) == 1
    assert "Cannot go on: " in (said := capsys.readouterr().err)
    assert "address already in use" in said


def test_a_database_that_takes_no_writes_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence, exit status 1; what was opened is closed again."""
    monkeypatch.chdir(tmp_path)
    for name, value in settings_for("http://127.0.0.1:9", "http://127.0.0.1:9", tmp_path).items():
        monkeypatch.setenv(name, value)

    async def full(*_: object) -> None:
        raise StoreUnavailable("the disk is full; nothing was saved")

    monkeypatch.setattr("storage.database.Database.write", full)
    assert main(["run"]) == 1
    assert capsys.readouterr().err == "Cannot go on: the disk is full; nothing was saved\n"
    gc.collect()  # a session left open would warn


def test_a_sandbox_that_cannot_start_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Time cannot stand still there."""
    assert main(["sandbox", "--port", "0", "--speed", "0"]) == 2
    assert capsys.readouterr().err


def test_ctrl_c_is_no_stack_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is interrupted ends with the shell's usual status."""

    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.__main__.asyncio.run", interrupted)
    monkeypatch.setattr("bot.__main__.check.look", lambda: None)
    assert main(["check"]) == 130


# --- processes -------------------------------------------------------------------------


class Running:
    """A `robocall` process and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.printed = ""

    async def says(self, words: str) -> str:
        """Wait for a line with these words; the line."""
        assert self._process.stdout is not None
        async with asyncio.timeout(SOON):
            while line := (await self._process.stdout.readline()).decode():
                self.printed += line
                if words in line:
                    return line
        raise AssertionError(f"it ended without a word of {words}:\n{self.printed}")

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    async def status(self) -> int:
        """Wait for its end; its exit status."""
        assert self._process.stdout is not None
        async with asyncio.timeout(SOON):
            self.printed += (await self._process.stdout.read()).decode()
            return await self._process.wait()

    async def end(self) -> None:
        """Whatever happened in the test, nothing is left running."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


@asynccontextmanager
async def robocall(folder: Path, *arguments: str, **settings: str) -> AsyncIterator[Running]:
    """Run a command in that folder, with these settings and no others."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-W", "error", "-m", "bot", *arguments),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Running(process)
    try:
        yield running
    finally:
        await running.end()


def settings_for(slack_url: str, voice_url: str, folder: Path, **more: str) -> dict[str, str]:
    """A complete environment for `robocall run`."""
    return {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1",
        "SLACK_API_URL": slack_url,
        "VOICE_API_KEY": KEY,
        "VOICE_API_URL": voice_url,
        "ROBOCALL_DB": str(folder / "robocall.db"),
        "ROBOCALL_PORT": str(free_port()),
        **more,
    }


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """An embedded Slack with the app installed, in this process."""
    server = SlackServer(Workspace(manifest(), clock=RealClock()))
    await server.start()
    yield server
    await server.close()


def tokens(slack: SlackServer) -> dict[str, str]:
    """The settings that open it."""
    return {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_APP_TOKEN": slack.app_token}


async def test_the_bot_runs_answers_and_stops_on_sigterm(
    slack: SlackServer, tmp_path: Path
) -> None:
    """Healthy, ready, alone with its database, and gone with status 0 a moment after SIGTERM."""
    voice = await start(plan=FREE, clock=RealClock(), api_key=KEY)
    given = settings_for(slack.api_url, voice.api_url, tmp_path, **tokens(slack))
    async with robocall(tmp_path, "run", **given) as bot, aiohttp.ClientSession() as http:
        await bot.says("robocall.running")
        base = f"http://127.0.0.1:{given['ROBOCALL_PORT']}"
        async with http.get(f"{base}/healthz") as alive, http.get(f"{base}/readyz") as ready:
            assert (alive.status, await alive.json()) == (200, {"alive": True})
            assert ready.status == 200
            assert await ready.json() == {"slack": True, "database": True, "voice_api": True}
        other = given | {"ROBOCALL_PORT": str(free_port())}
        async with robocall(tmp_path, "run", **other) as second:
            assert await second.status() == 1
            assert "Another Robocall is running" in second.printed
            assert "Traceback" not in second.printed
        bot.tell(signal.SIGTERM)
        assert await bot.status() == 0
    await voice.close()
    assert "Traceback" not in bot.printed
    assert [token for token in (*tokens(slack).values(), KEY) if token in bot.printed] == []


class SlowService:
    """A voice service that takes a call, and answers when it is told to."""

    def __init__(self) -> None:
        self.came, self.go, self.posts = asyncio.Event(), asyncio.Event(), 0
        app = web.Application()
        app.router.add_post("/call", self._call)
        self._runner = web.AppRunner(app)

    async def start(self) -> str:
        """Listen; its base URL."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop."""
        await self._runner.cleanup()

    async def _call(self, request: web.Request) -> web.Response:
        self.posts += 1
        self.came.set()
        await self.go.wait()
        return web.json_response({"status": "success", "call_id": "robo_1"})


async def test_sigterm_lets_a_call_under_way_be_written_down(
    slack: SlackServer, tmp_path: Path
) -> None:
    """P2: the answer that comes while the bot stops is not lost; nothing new is dialled."""
    service = SlowService()
    voice_url = await service.start()
    given = settings_for(
        slack.api_url, voice_url, tmp_path, VOICE_CONCURRENT_CALLS="1", **tokens(slack)
    )
    async with robocall(tmp_path, "run", **given) as bot:
        await bot.says("robocall.running")
        for number in ("+14155550101", "+14155550102"):
            await slack.user("ben").command("/robocall", f"{number} Hello", "front-desk")
        await asyncio.wait_for(service.came.wait(), SOON)
        bot.tell(signal.SIGTERM)
        await slack.workspace.until(lambda: slack.sockets.connection_count == 0)
        service.go.set()
        assert await bot.status() == 0
    await service.close()
    with closing(sqlite3.connect(given["ROBOCALL_DB"])) as log:
        rows = log.execute("select state, voice_call_id, attempts from call_log order by id")
        assert rows.fetchall() == [("placed", "robo_1", 1), ("queued", None, 0)]
    assert service.posts == 1


async def test_a_token_that_slack_does_not_know_stops_the_start(
    slack: SlackServer, tmp_path: Path
) -> None:
    """Exit status 1 at once, with a sentence, and without the token."""
    given = settings_for(slack.api_url, "http://127.0.0.1:9", tmp_path)
    async with robocall(tmp_path, "run", **given) as bot:
        assert await bot.status() == 1
    assert "Slack does not accept the token (invalid_auth)." in bot.printed
    assert "Traceback" not in bot.printed


async def test_the_sandbox_answers_until_it_is_interrupted(tmp_path: Path) -> None:
    """It says where it is, `GET /` explains it, the key is asked for; Ctrl-C ends it quietly."""
    async with (
        robocall(tmp_path, "sandbox", "--port", "0", "--api-key", "k", "--plan", "pro") as sandbox,
        aiohttp.ClientSession() as http,
    ):
        url = (await sandbox.says("VOICE_API_URL=")).strip().partition("=")[2]
        call = {"phone_number": "+14155550101", "message": "Hello"}
        async with http.get(url.partition("/api/")[0]) as page:
            assert (page.status, page.content_type) == (200, "text/html")
        for key, status in (("k", 200), ("other", 401)):
            headers = {"Authorization": f"Bearer {key}"}
            async with http.post(f"{url}/call", json=call, headers=headers) as answer:
                assert answer.status == status
        sandbox.tell(signal.SIGINT)
        assert await sandbox.status() == 130
    assert "Traceback" not in sandbox.printed


# --- the demo --------------------------------------------------------------------------


async def test_the_demo_shows_one_whole_call(tmp_path: Path) -> None:
    """`robocall demo --once`: the whole thread, nothing else, and exit status 0."""
    async with robocall(tmp_path, "demo", "--once") as shown:
        assert await shown.status() == 0
    # its time is compressed: on a busy machine the call lasts a second longer
    printed = re.sub(r"\b1\d seconds", "12 seconds", shown.printed)
    lines = [line.strip() for line in printed.splitlines()]
    assert lines[0].startswith("Robocall  ")
    assert lines[1] == "✅ Call to +1 ••• ••• 0101 was answered"
    assert "Result: answered, 12 seconds. Goal met: pressed 1 (Confirm)." in lines
    replies = lines[lines.index("[Call again]  [Details]") + 1 :]
    assert [line for line in replies if not line.startswith("Robocall  ")] == [
        "Ringing +1 ••• ••• 0101.",
        "Answered.",
        "Pressed 1: Confirm. They heard: “Your appointment is confirmed. Thank you!”",
        "Finished: answered, 12 seconds. Goal met: pressed 1 (Confirm).",
    ]


async def test_the_demo_runs_until_ctrl_c_and_says_how_to_drive_it(tmp_path: Path) -> None:
    """The addresses it prints work: a command typed there rings a phone."""
    async with (
        robocall(tmp_path, "demo") as shown,
        aiohttp.ClientSession() as http,
    ):
        await shown.says("Ctrl-C stops everything")
        state, act = re.findall(r"http://\S+_playground/\w+\S*", shown.printed)
        (command,) = re.findall(r"-d '(\{.*?\})'", shown.printed, re.DOTALL)
        headers = {"Content-Type": "application/json"}
        async with http.post(act, data=command, headers=headers) as typed:
            assert typed.status == 200
        async with http.get(state) as seen:
            assert "front-desk" in await seen.text()
        shown.tell(signal.SIGINT)
        assert await shown.status() == 0
    assert "Traceback" not in shown.printed


async def test_the_demo_says_what_did_not_happen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1 if the log does not have what it must have."""
    monkeypatch.setattr(demo, "ONCE_SPEED", 20.0)
    monkeypatch.setattr(demo, "ENDED", ("ended", "answered", "2", 1))
    assert await demo.once() == 1
    assert "MISSING: the log has the call" in capsys.readouterr().out


async def test_the_demo_says_that_it_did_not_come_to_its_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A form that is not accepted ends it with status 1, not with a stack trace."""
    monkeypatch.setattr(demo, "FORM", demo.FORM | {"to": "911"})
    assert await demo.once() == 1
    assert "did not come to its end (LookupError)" in capsys.readouterr().out


async def test_the_demo_stops_when_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything it started is closed behind it."""
    stop = asyncio.Event()
    stop.set()
    port = free_port()
    assert await demo.keep_running(stop, port=port) == 0
    assert f"http://127.0.0.1:{port}/_playground/act" in capsys.readouterr().out
