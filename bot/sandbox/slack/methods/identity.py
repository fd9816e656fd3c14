"""auth.test, apps.connections.open, users.info, users.list."""

from __future__ import annotations

from typing import Any

from bot.sandbox.slack.call import Call, page
from bot.sandbox.slack.people import BOT_ID, BOT_USER_ID, TEAM_DOMAIN, TEAM_ID, TEAM_NAME


def auth_test(call: Call) -> dict[str, Any]:
    """Who the token belongs to."""
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_NAME,
        "user": call.workspace.people[BOT_USER_ID].name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def connections_open(call: Call) -> dict[str, Any]:
    """A websocket URL with a ticket for one connection."""
    return {"url": call.sockets.issue_url(call.base_url)}


def users_info(call: Call) -> dict[str, Any]:
    """A person with time zone, and with locale when asked."""
    person = call.person(call.need("user"))
    with_locale = call.flag("include_locale")
    return {"user": person.to_user(call.workspace.clock.now(), include_locale=with_locale)}


def users_list(call: Call) -> dict[str, Any]:
    """Everybody, in pages."""
    people, metadata = page(call, list(call.workspace.people.values()))
    now, with_locale = call.workspace.clock.now(), call.flag("include_locale")
    members = [person.to_user(now, include_locale=with_locale) for person in people]
    return {"members": members, "response_metadata": metadata}
