"""What this installation decided once, for every call (design.md 3.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.domain.dial_policy import PlanLimits


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """The plan's limits, who holds the schedule, who redials, and whether news can reach us.

    `is_listening` is False without a `PUBLIC_URL`: no webhook will ever come and the bot
    asks the voice service instead.
    """

    limits: PlanLimits = field(default_factory=PlanLimits)
    service_schedules: bool = False
    service_retries: bool = False
    is_listening: bool = True
    default_region: str | None = None
