"""A line that breaks by itself, at random but the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import ClientError, web
from typing_extensions import override

from tests.support.faulty_line import FaultyLine, Seen

TO_THE_VOICE_SERVICE: Mapping[str, float] = {
    "refuse": 0.03,
    "drop_after": 0.03,
    "503_before": 0.02,
    "503_after": 0.02,
    "429_before": 0.02,
    "hold": 0.005,
}
"""12 % of the requests, as in the reference measurements (fault-catalogue 3.7)."""

TO_THE_BOT: Mapping[str, float] = {"lose": 0.02, "twice": 0.10, "drop_after": 0.02}


@dataclass(kw_only=True)
class StormyLine(FaultyLine):
    """`faults` are drawn with `dice` for every request that `script` does not decide."""

    dice: random.Random
    faults: Mapping[str, float] = field(default_factory=dict)

    @override
    async def _with_fault(self, request: web.Request, seen: Seen) -> web.StreamResponse:
        if seen.fault == "pass":
            seen = Seen(**{**vars(seen), "fault": self._drawn()})
            self.seen[-1] = seen
        try:
            return await super()._with_fault(request, seen)
        except ClientError:
            return web.Response(status=502)  # the target is down: the bot was killed

    def _drawn(self) -> str:
        chance = self.dice.random()
        for fault, share in self.faults.items():
            chance -= share
            if chance < 0:
                return fault
        return "pass"
