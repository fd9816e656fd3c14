"""The embedded voice service: the whole Robo Voice Call API, with simulated phones.

Written from the contract alone and knowing nothing of the bot. `start()` runs it inside a process,
`serve()` is `robocall sandbox`; its page at `/` explains it, and `phones.PHONES` lists the numbers.
"""

from __future__ import annotations

from bot.sandbox.voice_api.engine import VoiceService
from bot.sandbox.voice_api.limits import FREE, PLANS, PRO, UNLIMITED, Plan
from bot.sandbox.voice_api.server import RunningServer, create_app, serve, start

__all__ = [
    "FREE",
    "PLANS",
    "PRO",
    "UNLIMITED",
    "Plan",
    "RunningServer",
    "VoiceService",
    "create_app",
    "serve",
    "start",
]
