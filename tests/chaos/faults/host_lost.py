"""A worker's machine vanishes with a transaction open: no server hears that it is gone; another one takes its place.

Its locks end within 30 seconds by themselves, and its successor stores what it had.
"""

import random
import time

from tests.chaos.fault import Hurt
from tests.chaos.load.load import Load
from tests.chaos.pick import ready_worker
from tests.chaos.system import System

_COMMIT_SECONDS = 10.0


async def do(system: System, _load: Load, draw: random.Random) -> Hurt:
    async with ready_worker(system, draw) as (number, slot):
        partitions = await slot.partitions()
        await system.machines[number].vanish_at_commit(_COMMIT_SECONDS)
        gone = time.monotonic()
        await slot.restart()
    return Hurt(gone, partitions)
