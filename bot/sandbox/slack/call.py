"""One call of the Web API, as its method sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.sandbox.slack.channels import Channel
from bot.sandbox.slack.deliveries import Deliveries
from bot.sandbox.slack.people import BOT_USER_ID, Person
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.socket_mode import SocketMode
from bot.sandbox.slack.workspace import Workspace

APP_TOKEN = "app"  # noqa: S105 - a kind of token, not a token
_TRUE = ("true", "1", "t")


@dataclass(frozen=True, kw_only=True)
class Call:
    """The arguments of a call, and what it works on. `base_url` is this server, ending in /."""

    workspace: Workspace
    deliveries: Deliveries
    sockets: SocketMode
    base_url: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def with_arguments(self, arguments: Mapping[str, Any]) -> Call:
        """The same call with these arguments."""
        return replace(self, arguments=arguments)

    def get(self, name: str, default: Any = None) -> Any:
        """An argument, or the default when it was not given."""
        value = self.arguments.get(name)
        return default if value is None else value

    def need(self, name: str) -> Any:
        """An argument that must be there, else `invalid_arguments`."""
        value = self.arguments.get(name)
        if value is None or value == "":
            words = f"[ERROR] missing required field: {name}"
            raise Refusal("invalid_arguments", response_metadata={"messages": [words]})
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean argument; forms carry 1, 0, true, false."""
        value = self.get(name, default)
        return value if isinstance(value, bool) else str(value).lower() in _TRUE

    def number(self, name: str, default: int) -> int:
        """A whole number, else `invalid_arguments`."""
        try:
            return int(self.get(name, default))
        except (TypeError, ValueError):
            words = f"[ERROR] must be an integer [json-pointer:/{name}]"
            raise Refusal("invalid_arguments", response_metadata={"messages": [words]}) from None

    def channel(self, name: str = "channel") -> Channel:
        """The channel named by id; `channel_not_found` when the bot cannot see it."""
        channel = self.workspace.channels.get(str(self.need(name)))
        if channel is None or not channel.is_seen_by(BOT_USER_ID):
            raise Refusal("channel_not_found")
        return channel

    def person(self, user_id: Any) -> Person:
        """The person of that id, else `user_not_found`."""
        person = self.workspace.people.get(str(user_id))
        if person is None:
            raise Refusal("user_not_found")
        return person

    def need_scope_for(self, channel: Channel, action: str) -> None:
        """Refuse unless the app has e.g. `channels:history` for that type of conversation."""
        needed = f"{channel.scope_family}:{action}"
        granted = self.workspace.manifest.scopes
        if needed not in granted:
            raise Refusal("missing_scope", needed=needed, provided=",".join(granted))


@dataclass(frozen=True, kw_only=True)
class Method:
    """A method of the Web API.

    Any one of `scopes` opens it. `tier` is its rate limit tier (0: none); `is_paced` counts it
    as a message to a channel instead.
    """

    run: Callable[[Call], dict[str, Any]]
    scopes: tuple[str, ...] = ()
    tier: int = 3
    token: str = "bot"  # noqa: S105 - a kind of token, not a token
    is_paced: bool = False


def page(call: Call, items: list[Any], *, most: int = 1000) -> tuple[list[Any], dict[str, Any]]:
    """One page of a list and the `response_metadata` with the cursor of the next.

    The cursor is the position as text.
    """
    limit = min(call.number("limit", 100) or 100, most)
    start = call.number("cursor", 0) if call.get("cursor") else 0
    following = start + limit
    cursor = str(following) if following < len(items) else ""
    return items[start:following], {"next_cursor": cursor}
