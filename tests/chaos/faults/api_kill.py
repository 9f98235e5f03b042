"""The process of the query API is killed with SIGKILL while it answers, and started again.

An export that it was sending ends visibly cut.
"""

import random

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    slot = system.web["api"]
    async with slot.lock:
        await slot.restart()
