"""An agents process is killed with SIGKILL in the middle of its work, and started again.

Offsets follow what is stored, so nothing is lost; what is delivered again is recognised, so nothing counts twice.
"""

import random

from tests.chaos.load.load import Load
from tests.chaos.pick import ready_worker
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    async with ready_worker(system, draw) as (_number, slot):
        await slot.restart()
