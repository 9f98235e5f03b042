"""Every process of PostgreSQL is frozen with SIGSTOP for up to ten seconds: connections stay, nothing answers.

Work waits and goes on within 10 seconds; reads are answered with 503 meanwhile.
"""

import asyncio
import random
import signal

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    system.postgres.signal(signal.SIGSTOP)
    await asyncio.sleep(draw.uniform(2, 10))
    system.postgres.signal(signal.SIGCONT)
