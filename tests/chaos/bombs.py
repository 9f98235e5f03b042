"""Small record batches that are immense when they are decompressed."""

import asyncio
import gzip
import random
from functools import cache

from aiokafka.errors import KafkaError

from broker.publisher import Record
from connectors.simulator.plan import SimulatedRecord
from schemas.catalogue import CATALOGUE
from schemas.refusal import DeadLetterCode
from tests.chaos.ledger import batch_letter
from tests.chaos.load.load import Load
from tests.chaos.system import System
from tests.support.record_batch import bomb, produce_batch

#: MiB of each. A topic takes 2 MiB of compressed bytes, and snappy makes one of about twenty.
_MEBIBYTES = {"gzip": 256, "zstd": 256, "lz4": 256, "snappy": 24}
#: One of gzip inside a record of an ordinary, compressed batch: nobody takes it apart, whoever made it.
NESTED = "nested"
BOMBS = (*_MEBIBYTES, NESTED)


@cache
def _raw(codec: str) -> bytes:
    return bomb(codec, _MEBIBYTES[codec])


@cache
def _nested() -> bytes:
    return gzip.compress(gzip.compress(bytes(256 * 1024 * 1024)))


async def throw(system: System, load: Load, name: str, draw: random.Random) -> None:
    """Send one among the records of the load."""
    of_type, partition = draw.choice(CATALOGUE).name, draw.randrange(system.broker.topic_partitions)
    topic = system.broker.topics.results(of_type)
    if name == NESTED:
        value = await asyncio.to_thread(_nested)
        record = Record(topic, b"north/MLB/nested", value, [("content-type", b"application/json")])
        await load.give(SimulatedRecord(integration_type=of_type, record=record, refused=DeadLetterCode.ENCODING))
        return
    raw = await asyncio.to_thread(_raw, name)
    letter = batch_letter(DeadLetterCode.TOO_LARGE, raw)
    async with load.sending(None):
        try:
            offset = await asyncio.wait_for(produce_batch(system.kafka.servers, topic, partition, raw), 15)
        except (KafkaError, OSError, TimeoutError, AssertionError):
            load.ledger.doubtful[letter] += 1
            return
        load.ledger.refused[letter] += 1
        load.ledger.placed(topic, partition, offset)
