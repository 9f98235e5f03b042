"""An agents process runs for some seconds with a clock that is off, by ten minutes up to a day, ahead or behind.

PostgreSQL's clock judges: no good result is refused, and no retry becomes silent before its deadline.
"""

import asyncio
import random

from tests.chaos.clock import shifted
from tests.chaos.load.load import Load
from tests.chaos.pick import ready_worker
from tests.chaos.system import System

_OFF_SECONDS = (600, 7200, 86_400)


async def do(system: System, _load: Load, draw: random.Random) -> None:
    off = draw.choice(_OFF_SECONDS) * draw.choice((-1, 1))
    async with ready_worker(system, draw) as (_number, slot):
        await slot.end()
        await slot.start(await shifted(system.directory, off))
        await slot.until_ready()
        await asyncio.sleep(draw.uniform(2, 5))
        await slot.restart()
