"""What holds for every test."""

from __future__ import annotations

import os

import pytest

# Bolt and the HTTP clients read these by themselves: a developer's own settings must not leak in,
# and a proxy would make the loopback servers of the tests unreachable.
PREFIXES = ("SLACK_", "VOICE_", "ROBOCALL_")
NAMES = {
    "PUBLIC_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "WS_PROXY",
    "WSS_PROXY",
    "NO_PROXY",
}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run every test as if the environment said nothing about Slack, voice or proxies."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIXES) or name.upper() in NAMES:
            monkeypatch.delenv(name)
