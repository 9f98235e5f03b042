"""Fresh topics with records in them."""

import time
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from bench.events import Event
from broker.settings import BrokerSettings
from broker.topics import create_topics

PARTITIONS = 4
_BATCH_BYTES = 512 * 1024


class Filled(NamedTuple):
    """A results topic, and what is in each of its partitions, in order."""

    broker: BrokerSettings
    partitions: list[list[Event]]


async def fresh(servers: str) -> BrokerSettings:
    """Settings with a prefix of their own, whose topics exist."""
    broker = BrokerSettings(
        kafka_bootstrap_servers=servers, topic_prefix=f"b{uuid.uuid4().hex[:8]}", topic_partitions=PARTITIONS
    )
    await create_topics(servers, broker)
    return broker


async def remove(broker: BrokerSettings) -> None:
    """Delete the topics, so that the next contestant does not share the disk with them."""
    admin = AIOKafkaAdminClient(bootstrap_servers=str(broker.kafka_bootstrap_servers))
    await admin.start()
    await admin.delete_topics([name for name, _size in broker.topics.all()])
    await admin.close()


async def fill(servers: str, topic: str, partitions: Sequence[Sequence[Event]]) -> None:
    """Send each list to the partition of its number, acknowledged. Ready-made batches, so that it takes little time."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, max_batch_size=_BATCH_BYTES, max_request_size=8 * 2**20)
    try:
        await producer.start()
        sent = []
        for number, events in enumerate(partitions):
            builder = producer.create_batch()
            for event in events:
                _topic, key, value, headers = event.record
                now = int(time.time() * 1000)
                if builder.append(timestamp=now, key=key, value=value, headers=list(headers)) is None:
                    sent.append(await producer.send_batch(builder, topic, partition=number))
                    builder = producer.create_batch()
                    builder.append(timestamp=now, key=key, value=value, headers=list(headers))
            if builder.record_count():
                sent.append(await producer.send_batch(builder, topic, partition=number))
        for each in sent:
            await each
    finally:
        await producer.stop()
