"""An event loop with nothing to do, for so many seconds: what the machine itself holds up.

`python -m bench.idle SECONDS` prints the longest gap in milliseconds.
"""

from __future__ import annotations

import asyncio
import sys

from bench.heartbeat import Heartbeat


async def longest_gap(seconds: float) -> float:
    """Milliseconds that the loop was not served although it could."""
    heartbeat = Heartbeat()
    async with heartbeat.beating():
        await asyncio.sleep(seconds)
    return heartbeat.longest


if __name__ == "__main__":
    print(asyncio.run(longest_gap(float(sys.argv[1]))))
