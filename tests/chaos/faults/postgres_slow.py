"""The way to PostgreSQL carries 60 KB/s for each connection, for up to ten seconds.

Slow is not stuck: what does not fit is sent in smaller parts, and work goes on.
"""

import asyncio
import random

from tests.chaos.load.load import Load
from tests.chaos.system import System

_BYTES_PER_SECOND = 60_000.0


async def do(system: System, _load: Load, draw: random.Random) -> None:
    for each in system.machines:
        each.postgres.bytes_per_second = _BYTES_PER_SECOND
    await asyncio.sleep(draw.uniform(3, 10))
    for each in system.machines:
        each.postgres.bytes_per_second = None
