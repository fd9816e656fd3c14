"""Servers under load are processes of their own, so that nobody measures himself."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.demo import free_port

ROOT = Path(__file__).resolve().parent.parent
SIGNING_SECRET = "benchmark-signing-secret"  # noqa: S105 - signs nothing but this load
CALLBACK_KEY = "benchmark-callback-key-of-32-letters"
START_SECONDS = 60.0


@asynccontextmanager
async def child(module: str, *arguments: object, **settings: object) -> AsyncIterator[int]:
    """`python -m MODULE ...` with these settings; its process id. Ended at the end."""
    process = await _started(module, *arguments, settings=settings, stdout=None)
    try:
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def told_by(module: str, *arguments: object, **settings: object) -> Any:
    """The JSON that `python -m MODULE ...` prints when it is done."""
    process = await _started(module, *arguments, settings=settings, stdout=asyncio.subprocess.PIPE)
    try:
        told, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, f"{module} ended with {process.returncode}"
    return json.loads(told)


async def _started(
    module: str, *arguments: object, settings: Mapping[str, object], stdout: int | None
) -> asyncio.subprocess.Process:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_OURS)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *map(str, arguments),
        cwd=ROOT,
        env=environment | {name.upper(): str(value) for name, value in settings.items()},
        stdout=stdout,
    )


_OURS = ("ROBOCALL_", "VOICE_", "SLACK_", "PUBLIC_URL")


def bot_settings(*, database: Path, slack_url: str, voice_url: str) -> dict[str, object]:
    """What a bot in HTTP mode needs, between peers on this machine."""
    port = free_port()
    return {
        "slack_bot_token": "xoxb-benchmark",
        "slack_signing_secret": SIGNING_SECRET,
        "slack_api_url": slack_url,
        "voice_api_key": "benchmark-voice-key",
        "voice_api_url": voice_url,
        "voice_calls_per_minute": 100,
        "voice_concurrent_calls": 20,
        "public_url": f"http://127.0.0.1:{port}",
        "robocall_secret": CALLBACK_KEY,
        "robocall_port": port,
        "robocall_db": database,
        "robocall_log_level": "warning",
    }


async def until_it_answers(url: str) -> None:
    """Wait until GET is 200."""
    async with asyncio.timeout(START_SECONDS), aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def a_bot(settings: Mapping[str, object]) -> AsyncIterator[str]:
    """`robocall run` with these settings; its address."""
    async with child("bot", "run", **settings):
        url = str(settings["public_url"])
        await until_it_answers(f"{url}/healthz")
        yield url


@asynccontextmanager
async def a_limit(name: str, folder: Path, *, slack_url: str = "") -> AsyncIterator[str]:
    """One of the bare servers of bench.limits; its address."""
    port = free_port()
    async with child("bench.limits", name, port, folder / f"{name}.db", slack_url):
        url = f"http://127.0.0.1:{port}"
        await until_it_answers(f"{url}/healthz")
        yield url
