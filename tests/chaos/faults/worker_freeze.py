"""An agents process is frozen with SIGSTOP for up to eight seconds, as a virtual machine that is moved, and goes on.

Its batches are stored once, whoever has its partitions meanwhile.
"""

import asyncio
import random
import signal

from tests.chaos.load.load import Load
from tests.chaos.pick import ready_worker
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    async with ready_worker(system, draw) as (_number, slot):
        slot.send(signal.SIGSTOP)
        await asyncio.sleep(draw.uniform(1, 8))
        slot.send(signal.SIGCONT)
