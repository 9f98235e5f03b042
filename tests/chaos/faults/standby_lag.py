"""PostgreSQL's machine is lost, and a standby that lags by some seconds is promoted, while every process runs on.

Agents see that the database lacks what they have stored, and read it again from Kafka.
"""

import asyncio
import random
import time

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    standby = await system.postgres.copy(standby=True)
    await standby.start()
    connection = await standby.connect()
    since = time.monotonic()
    await connection.execute("ALTER SYSTEM SET primary_conninfo = ''")
    await connection.execute("SELECT pg_reload_conf()")
    await asyncio.sleep(draw.uniform(1, 4))
    await system.postgres.kill()
    assert await connection.fetchval("SELECT pg_promote()")
    await connection.execute("ALTER SYSTEM RESET primary_conninfo")
    await connection.close(timeout=5)
    await system.fail_over(standby, since)
