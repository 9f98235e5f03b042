"""The retry topic of one type is deleted, and made again some seconds later.

Retries of the other types are sent meanwhile. Those that were in the topic are silent at their deadline.
"""

import asyncio
import random

from schemas.catalogue import CATALOGUE
from tests.chaos.kafka_admin import deleted_topic, made_topics
from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    await deleted_topic(system.kafka.servers, system.broker.topics.retry(draw.choice(CATALOGUE).name))
    await asyncio.sleep(draw.uniform(2, 6))
    await made_topics(system.kafka.servers, system.broker)
