"""The embedded Slack: a local workspace that behaves, and refuses, as Slack documents it.

It is a network peer of the bot and knows nothing of it. `SlackServer` starts it, `Workspace` is
what it holds, and `SlackServer.user` puts a person in front of it.
"""

from __future__ import annotations
