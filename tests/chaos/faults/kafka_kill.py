"""Kafka is killed with SIGKILL, and started again after up to five seconds.

Connectors and agents wait for it and go on within 30 seconds; no acknowledged record is lost.
"""

import asyncio
import random

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    await system.kafka.kill()
    await asyncio.sleep(draw.uniform(0.5, 5))
    await system.start_kafka()
