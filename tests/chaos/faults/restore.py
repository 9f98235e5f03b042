"""The database and its disk are lost, and a backup from some seconds before is restored, with every process stopped.

What the backup lacks is read again from Kafka, without anybody setting an offset.
"""

import asyncio
import random
import time
from contextlib import AsyncExitStack

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    since = time.monotonic()
    backup = await system.postgres.copy()
    await asyncio.sleep(draw.uniform(1, 4))
    async with AsyncExitStack() as stack:
        for slot in system.slots:
            await stack.enter_async_context(slot.lock)
        for slot in system.slots:
            await slot.end()
        await system.postgres.kill()
        await backup.start()
        await system.fail_over(backup, since)
        for slot in system.slots:
            await slot.start()
