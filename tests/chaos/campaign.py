"""A campaign: many calls while the bot is killed again and again at random moments."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from bot.sandbox.slack.faults import Fault
from tests.chaos.checker import Figures, figures, violations
from tests.chaos.stage import Stage, until
from tests.chaos.stormy_line import TO_THE_BOT, TO_THE_VOICE_SERVICE

RETRIED = 0.1
SLACK_DROPS = 0.05
SPREAD = 0.5
"""A kill comes up to that many real seconds after the call it was set for."""
STARTS_WITHIN = 120.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many calls and kills, and whether the lines break meanwhile."""

    calls: int
    kills: int
    is_stormy: bool = True


async def play(stage: Stage, plan: Plan) -> tuple[Figures, list[str]]:
    """Run it to its end; what it came to and every broken promise."""
    if plan.is_stormy:
        stage.line.faults, stage.hooks.faults = TO_THE_VOICE_SERVICE, TO_THE_BOT
    await stage.start_bot()
    asking = asyncio.ensure_future(_ask_all(stage, plan))
    try:
        await _kill_again_and_again(stage, plan)
        await asking
    finally:
        asking.cancel()
    stage.line.faults, stage.hooks.faults = {}, {}
    stage.line.release()
    with suppress(TimeoutError):  # the checker says what is stuck, with all the rest
        await stage.all_settled()
    found = violations(stage)
    if await stage.stop_bot():
        found.append("the bot does not stop properly")
    return figures(stage), found


async def _ask_all(stage: Stage, plan: Plan) -> None:
    """One person types one command after the other, and waits while the bot is away."""
    while len(stage.asked) < plan.calls:
        await until(lambda: stage.is_connected, STARTS_WITHIN)
        if plan.is_stormy and stage.dice.random() < SLACK_DROPS:
            stage.slack.faults.plan("chat.postMessage", Fault.accepted_then_dropped())
        await stage.ask(retries=1 if stage.dice.random() < RETRIED else 0)


async def _kill_again_and_again(stage: Stage, plan: Plan) -> None:
    for kill in range(plan.kills):
        wanted = min(plan.calls, (kill + 1) * plan.calls // (plan.kills + 1))
        await until(lambda: len(stage.asked) >= wanted, STARTS_WITHIN)  # noqa: B023 - awaited in this turn
        await asyncio.sleep(stage.dice.random() * SPREAD)  # the moment is what is random
        await stage.kill()
        await stage.start_bot()
