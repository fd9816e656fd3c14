"""What the app's manifest lets it do here: commands, shortcuts, events, scopes, Home tab."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The parts of an app manifest that Slack obeys at run time."""

    commands: Mapping[str, Mapping[str, Any]]
    shortcuts: Mapping[str, Mapping[str, Any]]
    events: frozenset[str]
    scopes: tuple[str, ...]
    has_home: bool
    has_messages_tab: bool
    is_interactive: bool
    bot_name: str

    @classmethod
    def read(cls, source: Mapping[str, Any], *, grant_optional: bool = True) -> Manifest:
        """Read a manifest as YAML or JSON gives it.

        `grant_optional` says whether the person who installed the app ticked the optional scopes.
        """
        features = source.get("features") or {}
        settings = source.get("settings") or {}
        scopes = (source.get("oauth_config") or {}).get("scopes") or {}
        home = features.get("app_home") or {}
        optional = scopes.get("bot_optional") or [] if grant_optional else []
        listed = (settings.get("event_subscriptions") or {}).get("bot_events") or []
        shown = source.get("display_information") or {}
        return cls(
            commands={c["command"]: c for c in features.get("slash_commands") or []},
            shortcuts={s["callback_id"]: s for s in features.get("shortcuts") or []},
            events=frozenset(listed),
            scopes=tuple(dict.fromkeys([*(scopes.get("bot") or []), *optional])),
            has_home=bool(home.get("home_tab_enabled")),
            has_messages_tab=bool(home.get("messages_tab_enabled")),
            is_interactive=bool((settings.get("interactivity") or {}).get("is_enabled")),
            bot_name=(features.get("bot_user") or {}).get("display_name") or shown.get("name", ""),
        )
