"""A worker starts while a right of its role, the schema or a topic is missing; some seconds later it is there.

It says what is missing, and goes on when it is there; nothing that came meanwhile is lost.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from schemas.catalogue import CATALOGUE
from tests.chaos.kafka_admin import deleted_topic, made_topics
from tests.chaos.load.load import Load
from tests.chaos.pick import ready_worker
from tests.chaos.system import System

#: Statements that take each away, and give it back.
_STATEMENTS = {
    "right": (
        "REVOKE INSERT ON conexoes.attempts FROM conexoes_writer",
        "GRANT INSERT ON conexoes.attempts TO conexoes_writer",
    ),
    "schema": ("ALTER SCHEMA conexoes RENAME TO elsewhere", "ALTER SCHEMA elsewhere RENAME TO conexoes"),
}


async def do(system: System, _load: Load, draw: random.Random) -> None:
    missing = draw.choice((*_STATEMENTS, "topic"))
    async with ready_worker(system, draw) as (_number, slot):
        await slot.end()
        async with _without(system, missing, draw):
            await slot.start()
            await asyncio.sleep(draw.uniform(3, 6))


@asynccontextmanager
async def _without(system: System, missing: str, draw: random.Random) -> AsyncIterator[None]:
    if missing == "topic":
        await deleted_topic(system.kafka.servers, system.broker.topics.retry(draw.choice(CATALOGUE).name))
        yield
        await made_topics(system.kafka.servers, system.broker)
        return
    owner = await system.owner()
    taken, given = _STATEMENTS[missing]
    await owner.execute(taken)
    try:
        yield
    finally:
        await owner.execute(given)
        await owner.close(timeout=5)
