"""The command line: `robocall run | demo | sandbox | check | export`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from bot import check, demo, export, logs
from bot.config import Settings, SettingsError, database_path
from bot.domain.errors import StoreUnavailable
from bot.running import run
from bot.sandbox.voice_api import PLANS, serve
from handlers.socket_mode import SlackRefusedToken
from storage.database import DatabaseRefused

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one subcommand; its exit status."""
    given = parser().parse_args(arguments)
    try:
        return int(given.run(given))
    except (SettingsError, DatabaseRefused, SlackRefusedToken) as error:
        print(error, file=sys.stderr)
    except StoreUnavailable as error:
        print(f"Cannot go on: {error}", file=sys.stderr)
    except OSError as error:
        print(f"Cannot go on: {error.strerror or type(error).__name__}", file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1


def parser() -> argparse.ArgumentParser:
    """Every subcommand and option (design.md 3.1)."""
    top = argparse.ArgumentParser(
        prog="robocall", description="Ring people from Slack and see the whole call in one thread."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    bot = commands.add_parser("run", help="run the bot with the settings of environment or .env")
    bot.set_defaults(run=_run)

    show = commands.add_parser("demo", help="the whole job on this machine, without any account")
    show.add_argument("--once", action="store_true", help="one call, printed as a thread")
    show.add_argument("--port", type=int, default=0, help="where the embedded Slack listens")
    show.set_defaults(run=lambda given: asyncio.run(_until_stopped_demo(given)))

    peer = commands.add_parser("sandbox", help="the embedded voice service alone")
    peer.add_argument("--host", default="127.0.0.1")
    peer.add_argument("--port", type=int, default=8080)
    peer.add_argument("--plan", choices=sorted(PLANS), default="free")
    peer.add_argument("--speed", type=float, default=1.0, help="how much faster time passes")
    peer.add_argument("--api-key", default=None, help="the key to accept; any if left out")
    peer.set_defaults(run=_sandbox)

    look = commands.add_parser("check", help="say what is right or wrong with the settings")
    look.set_defaults(run=_check)

    out = commands.add_parser("export", help="calls as CSV or JSON lines")
    out.add_argument("--format", choices=("csv", "jsonl"), default="csv")
    out.add_argument("--output", type=Path, default=None, help="a file; else standard output")
    out.add_argument("--db", type=Path, default=None, help="the database; else ROBOCALL_DB")
    out.set_defaults(run=_export)
    return top


def _run(_: argparse.Namespace) -> int:
    settings = Settings.load()
    logs.configure(
        level=settings.robocall_log_level, is_json=settings.robocall_log_format == "json"
    )
    why = asyncio.run(_until_stopped(settings))
    if why:
        print(why, file=sys.stderr)
    return 1 if why else 0


async def _until_stopped(settings: Settings) -> str | None:
    stop = asyncio.Event()
    _on_signals(stop)
    return await run(settings, stop)


def _on_signals(stop: asyncio.Event) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)


async def _until_stopped_demo(given: argparse.Namespace) -> int:
    logs.configure(level="warning", is_json=False)
    if given.once:
        return await demo.once()
    stop = asyncio.Event()
    _on_signals(stop)
    return await demo.keep_running(stop, port=given.port)


def _sandbox(given: argparse.Namespace) -> int:
    try:
        asyncio.run(
            serve(
                host=given.host,
                port=given.port,
                plan=given.plan,
                speed=given.speed,
                api_key=given.api_key,
            )
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _check(_: argparse.Namespace) -> int:
    logs.configure(level="error", is_json=False)
    findings = asyncio.run(check.look())
    for finding in findings:
        print(finding)
    return 0 if all(finding.is_right for finding in findings) else 1


def _export(given: argparse.Namespace) -> int:
    path = given.db or database_path()
    if given.output is None:
        export.write(path, sys.stdout, form=given.format)
        return 0
    count = export.write_file(path, given.output, form=given.format)
    print(f"{count} calls written to {given.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
