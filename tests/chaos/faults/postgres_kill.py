"""PostgreSQL is killed with SIGKILL, and started again after up to five seconds.

Agents wait for it and go on within 10 seconds; what was committed is there, and nothing else is acknowledged to Kafka.
"""

import asyncio
import random

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    await system.postgres.kill()
    await asyncio.sleep(draw.uniform(0.5, 5))
    await system.postgres.start()
