"""The bot and the embedded voice service on one compressed clock: prints what was dialled, as JSON.

`python -m bench.plan_bot SPEED MINUTES`, with the bot's settings in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from bench.commands import PEOPLE, phone
from bot import logs
from bot.config import Settings
from bot.demo import free_port
from bot.domain.call import CallRequest
from bot.running import Robocall, tune_garbage_collector
from bot.sandbox.clock import RealClock
from bot.sandbox.voice_api import PRO, VoiceService, create_app
from tests.support.clock_timer import ClockTimer

MORE_THAN_ENOUGH = 140  # calls for each minute
CHANNELS = 2
"""Few, since compressed time lets a channel take its message a second as often in real time."""


class Counting:
    """Counts, at the voice service, what it accepted and when, and what it refused."""

    def __init__(self, clock: RealClock) -> None:
        self._clock = clock
        self.accepted: list[datetime] = []
        self.refused = 0

    @web.middleware
    async def middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Look at every answer to a `POST /call`."""
        response: web.StreamResponse = await handler(request)
        if request.method == "POST" and request.path.endswith("/call"):
            if response.status == 429:
                self.refused += 1
            elif response.status < 300:
                self.accepted.append(self._clock.now())
        return response


async def dialled(speed: float, minutes: int) -> dict[str, float]:
    """Dial for so many compressed minutes, with more calls waiting than the plan allows."""
    clock = RealClock(speed=speed)
    counting = Counting(clock)
    service = VoiceService(clock=clock, plan=PRO)
    app = create_app(service)
    app.middlewares.insert(0, counting.middleware)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    settings = Settings.load(dotenv=os.devnull)
    settings = settings.model_copy(
        update={"voice_api_url": f"http://127.0.0.1:{port}/api/v1/voice-bot"}
    )
    bot = await Robocall.open(settings, clock=clock, timer=ClockTimer(clock))
    await _ask(bot, minutes * MORE_THAN_ENOUGH)
    tune_garbage_collector()
    await bot.start()
    await clock.sleep(minutes * 60 + 30)
    await bot.stop()
    await service.close()
    await runner.cleanup()
    first = counting.accepted[0]
    within = [at for at in counting.accepted if at - first < timedelta(minutes=minutes)]
    return {"accepted": len(within), "refused": counting.refused}


async def _ask(bot: Robocall, count: int) -> None:
    requests = bot.parts.services.requests
    asked = (requests.request(_request(n), dedupe_key=f"bench:{n}") for n in range(count))
    await asyncio.gather(*asked)


def _request(number: int) -> CallRequest:
    return CallRequest(
        phone_number=phone(number),
        requested_by=f"U0BENCH{number % PEOPLE:02d}",
        channel=f"C0BENCH{number % CHANNELS:02d}",
        message=f"Hello, table {number} is ready.",
    )


if __name__ == "__main__":
    logs.configure(level="error", is_json=False)
    print(json.dumps(asyncio.run(dialled(float(sys.argv[1]), int(sys.argv[2])))))
