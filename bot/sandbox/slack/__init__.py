"""The embedded Slack: a local workspace that behaves, and refuses, as Slack documents it.

It is a network peer of the bot and knows nothing of it. `SlackServer` starts it, `Workspace` is
what it holds, and `SlackServer.user` puts a person in front of it.
"""

from __future__ import annotations

from bot.sandbox.slack.faults import Fault
from bot.sandbox.slack.people import Person
from bot.sandbox.slack.rate_limits import RateLimits
from bot.sandbox.slack.render import render_channel, render_thread, render_view
from bot.sandbox.slack.seat import NotPossible
from bot.sandbox.slack.server import SlackServer
from bot.sandbox.slack.user import User
from bot.sandbox.slack.workspace import Workspace

__all__ = [
    "Fault",
    "NotPossible",
    "Person",
    "RateLimits",
    "SlackServer",
    "User",
    "Workspace",
    "render_channel",
    "render_thread",
    "render_view",
]
