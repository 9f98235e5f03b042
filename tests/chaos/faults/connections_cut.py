"""Half of the agents' connections to PostgreSQL are ended by the server, ten times within two seconds.

A statement whose connection ends is done again, once.
"""

import asyncio
import random
from contextlib import suppress

import asyncpg

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, _draw: random.Random) -> None:
    owner = await system.owner()
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        for _ in range(10):
            await owner.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name LIKE 'conexoes-agents%' AND random() < 0.5"""
            )
            await asyncio.sleep(0.2)
    await owner.close(timeout=5)
