"""How Slack looks: every message, form and page the bot shows, and how they get there.

Builders are pure: values of the domain in, Block Kit out. The notifier sends what the outbox
holds; the directory asks Slack who people are.
"""

from __future__ import annotations
