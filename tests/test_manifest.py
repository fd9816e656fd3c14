"""The Slack app's manifest: valid for Slack, and what the design promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parent.parent
SCHEMA: dict[str, Any] = json.loads((ROOT / "tests/data/slack-manifest.schema.json").read_text())

# What each event needs, by Slack's documentation: without it the event never arrives.
SCOPE_OF_EVENT = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "message.im": "im:history",
    "tokens_revoked": None,
    "user_change": "users:read",
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    """The manifest as Slack reads it."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
    return loaded


def test_slack_accepts_the_manifest(manifest: dict[str, Any]) -> None:
    """It passes the schema that Slack publishes."""
    jsonschema.Draft7Validator(SCHEMA).validate(manifest)


def test_the_schema_refuses_a_misspelt_feature(manifest: dict[str, Any]) -> None:
    """The schema is strict, so passing it means something."""
    manifest["features"]["slash_command"] = manifest["features"].pop("slash_commands")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SCHEMA).validate(manifest)


def test_every_text_fits_slacks_limits(manifest: dict[str, Any]) -> None:
    """Names and descriptions are within the documented lengths."""
    display, features = manifest["display_information"], manifest["features"]
    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert len(features["bot_user"]["display_name"]) <= 80
    assert len(features["shortcuts"]) <= 10
    for command in features["slash_commands"]:
        assert 2 <= len(command["command"]) <= 32
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
        assert len(shortcut["callback_id"]) <= 255


def test_there_is_one_escaped_command(manifest: dict[str, Any]) -> None:
    """/robocall is the only command, and Slack escapes what people type after it."""
    commands = manifest["features"]["slash_commands"]
    assert [(command["command"], command["should_escape"]) for command in commands] == [
        ("/robocall", True)
    ]


def test_both_shortcuts_are_there(manifest: dict[str, Any]) -> None:
    """A message and a global shortcut, under the ids the handlers listen for."""
    shortcuts = manifest["features"]["shortcuts"]
    found = {(one["type"], one["callback_id"], one["name"]) for one in shortcuts}
    assert found == {
        ("message", "call_from_message", "Call about this message"),
        ("global", "call_new", "New call"),
    }


def test_home_and_messages_are_open(manifest: dict[str, Any]) -> None:
    """The Home tab is on, and people can write to the bot."""
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_every_event_has_its_scope(manifest: dict[str, Any]) -> None:
    """The subscribed events are the known ones, and each brings the scope it needs."""
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(events) == sorted(SCOPE_OF_EVENT)
    needed = {scope for scope in SCOPE_OF_EVENT.values() if scope}
    assert needed <= set(manifest["oauth_config"]["scopes"]["bot"])


def test_nothing_is_asked_for_twice_or_for_later(manifest: dict[str, Any]) -> None:
    """The scopes are those the README gives a reason for, and none is both needed and optional."""
    scopes = manifest["oauth_config"]["scopes"]
    assert sorted(scopes["bot"]) == [
        "app_mentions:read",
        "chat:write",
        "commands",
        "im:history",
        "users:read",
    ]
    assert sorted(scopes["bot_optional"]) == [
        "channels:history",
        "chat:write.public",
        "groups:history",
    ]


def test_socket_mode_needs_no_address(manifest: dict[str, Any]) -> None:
    """As shipped the app runs in Socket Mode: no URL stands anywhere in it."""
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert "functions" not in manifest
    assert "http" not in json.dumps(manifest)
