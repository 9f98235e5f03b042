"""An agents process gets SIGTERM under load, as in a rollout.

It finishes or gives back what is in flight within 20 seconds, and ends with exit code 0.
"""

import random
import signal

from tests.chaos.load.load import Load
from tests.chaos.pick import ready_worker
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    async with ready_worker(system, draw) as (_number, slot):
        await slot.restart(signal.SIGTERM)
