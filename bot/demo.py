"""`robocall demo`: the real bot between an embedded Slack and an embedded voice service.

The bot has no demo branch: it is only pointed at other addresses, all on this machine.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.config import Settings
from bot.running import Robocall
from bot.sandbox.clock import RealClock
from bot.sandbox.slack import SlackServer, Workspace, render_thread
from bot.sandbox.slack.messages import Message
from bot.sandbox.voice_api import PRO, RunningServer, start
from storage.reading import call_log

MANIFEST = Path(__file__).resolve().parent.parent / "manifest.yml"
API_KEY = "demo-key"
CHANNEL = "front-desk"
PERSON = "ben"
CALLEE = "+14155550101"
FORM = {
    "to": CALLEE,
    "message": (
        "Hello {{name}}, your appointment at Harbour House is on {{day}} at {{time}}."
        " Press 1 to confirm or 2 to cancel."
    ),
    "variables": "name=Ann\nday=Monday\ntime=2:30 PM",
    "keypad": (
        "1 Confirm: Your appointment is confirmed. Thank you!\n"
        "2 Cancel: Your appointment is cancelled. Goodbye."
    ),
    "goal": "Key 1 pressed",
}
HEARD = [
    "Hello Ann, your appointment at Harbour House is on Monday at 2:30 PM."
    " Press 1 to confirm or 2 to cancel.",
    "Your appointment is confirmed. Thank you!",
]
ENDED = ("ended", "answered", "1", 1)
ONCE_SPEED = 5.0
ONCE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs during a demo."""

    slack: SlackServer
    voice: RunningServer
    bot: Robocall


@asynccontextmanager
async def stage(*, speed: float = 1.0, slack_port: int = 0) -> AsyncIterator[Stage]:
    """Start the embedded Slack, the embedded voice service and the bot; stop them after."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="robocall-demo-"))
        slack = SlackServer(Workspace(manifest(), clock=RealClock()))
        await slack.start(port=slack_port)
        stack.push_async_callback(slack.close)
        voice = await start(plan=PRO, clock=RealClock(speed=speed), api_key=API_KEY)
        stack.push_async_callback(voice.close)
        bot = await Robocall.open(settings_for(slack, voice, folder=Path(folder)))
        stack.push_async_callback(bot.stop)
        await bot.start()
        yield Stage(slack=slack, voice=voice, bot=bot)


@cache
def manifest() -> dict[str, Any]:
    """The manifest of the app, as a workspace installs it. Raises OSError without a checkout."""
    found: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return found


def settings_for(slack: SlackServer, voice: RunningServer, *, folder: Path) -> Settings:
    """The bot's settings: nothing but other addresses, and the plan of the voice service."""
    port = free_port()
    return Settings.model_validate(
        {
            "slack_bot_token": slack.bot_token,
            "slack_app_token": slack.app_token,
            "slack_api_url": slack.api_url,
            "voice_api_key": API_KEY,
            "voice_api_url": voice.api_url,
            "voice_calls_per_minute": PRO.calls_per_minute,
            "voice_concurrent_calls": PRO.concurrent,
            "public_url": f"http://127.0.0.1:{port}",
            "robocall_port": port,
            "robocall_db": folder / "robocall.db",
        }
    )


def free_port() -> int:
    """A port nobody listens on; the bot must know its own before it starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- once --------------------------------------------------------------------------------


async def once() -> int:
    """One call from the command to the key press, printed as a thread; 0 only if all happened."""
    async with stage(speed=ONCE_SPEED) as on:
        try:
            thread = await play(on)
        except (TimeoutError, LookupError) as error:
            print(f"The demo call did not come to its end ({type(error).__name__}).")
            return 1
        print(thread)
        missing = await what_is_missing(on, thread)
    for line in missing:
        print(f"MISSING: {line}")
    return 1 if missing else 0


async def play(on: Stage) -> str:
    """Type the command, fill in the form, wait for the phone; the thread as the person reads it."""
    workspace = on.slack.workspace
    person = on.slack.user(PERSON)
    await person.command("/robocall", "", CHANNEL)
    form = await person.form_named("call_form", ONCE_SECONDS)
    sent = await person.submit(form, FORM)
    if not sent.is_closed:
        raise LookupError(str(sent.errors or sent.trouble))
    place = workspace.channel(CHANNEL).channel_id

    def card() -> Message | None:
        found = [m for m in workspace.messages.roots(place) if m.user_id != person.user_id]
        return found[-1] if found else None

    def finished() -> str | None:
        shown = card()
        if shown is None:
            return None
        read = render_thread(workspace, place, shown.ts, as_user=PERSON)
        return read if "Finished" in read and "Goal met" in read.split("Ringing")[0] else None

    thread = await workspace.until(finished, ONCE_SECONDS)
    return thread or ""


async def what_is_missing(on: Stage, thread: str) -> list[str]:
    """Everything that must have happened and has not."""
    heard = [part.text for part in on.voice.service.handsets[CALLEE].heard]
    with call_log(on.bot.parts.settings.robocall_db) as (columns, rows):
        logged = [dict(zip(columns, row, strict=True)) for row in rows]
    ended = [
        tuple(row[name] for name in ("state", "result", "digit", "goal_met")) for row in logged
    ]
    happened: Mapping[str, bool] = {
        "the phone heard the message and the reply": heard == HEARD,
        "the thread tells that it rang": "Ringing" in thread,
        "the thread tells that somebody answered": "Answered" in thread,
        "the thread tells the key and its label": "Pressed 1: Confirm" in thread,
        "the log has the call, answered, key 1, goal met": ended == [ENDED],
    }
    return [what for what, is_true in happened.items() if not is_true]


# --- until stopped -----------------------------------------------------------------------

GUIDE = """\
Robocall is running between an embedded Slack and an embedded voice service.

  What Ben sees in Slack, as JSON (a page comes with a later version):
      {slack}_playground/state?as=ben
  The phones that ring, and how to answer them by hand:
      {voice}/

Type a command as Ben in #front-desk:

  curl -s {slack}_playground/act -H 'Content-Type: application/json' \\
    -d '{{"as": "ben", "do": "command", "command": "/robocall", "channel": "front-desk",
         "text": "+14155550101 Press 1 to confirm key=\\"1 Confirm: Thank you!\\" goal=1"}}'

`robocall demo --once` shows one call from the form to the key press. Ctrl-C stops everything.
"""


async def keep_running(stop: asyncio.Event, *, port: int = 0) -> int:
    """Run until `stop` is set, and say how to drive it."""
    async with stage(slack_port=port) as on:
        print(GUIDE.format(slack=on.slack.base_url, voice=on.voice.url), flush=True)
        await stop.wait()
    return 0
