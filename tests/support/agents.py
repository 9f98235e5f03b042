"""An agents worker inside the test's own event loop, and records for it."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from agents.settings import AgentSettings
from agents.worker import work
from broker.settings import BrokerSettings
from schemas.policy import Policy
from storage.settings import StorageSettings
from tests.support.events import Event, topic
from tests.support.waiting import DEADLINE_SECONDS, eventually

#: `traceparent` of a command.
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@asynccontextmanager
async def running_worker(
    broker: BrokerSettings,
    storage: StorageSettings,
    data_dir: Path,
    policy: Policy | None = None,
    *,
    redact: tuple[str, ...] = (),
    worker_id: str | None = None,
) -> AsyncIterator[None]:
    """A worker that has its partitions; stopped in order at the end of the block.

    Without a `worker_id`, one that comes after another in the same `data_dir` has its id, as in an installation: Kafka
    gives it the partitions at once. A new id would wait half a minute until the old one's session is over.
    """
    stop, ready = asyncio.Event(), asyncio.Event()
    settings = AgentSettings(data_dir=data_dir, worker_id=worker_id, redact=redact)
    task = asyncio.create_task(
        work(settings, broker, storage, policy=policy or Policy(), stop=stop, ready=ready.set), name="worker"
    )
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait({task, waiting}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    assert ready.is_set() or task.done(), "the worker got no partitions within a minute"
    try:
        yield
    finally:
        stop.set()
        await task


async def produce(servers: str, prefix: str, events: Iterable[Event]) -> int:
    """Send records in order, each to the topic of its type. Returns how many."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, linger_ms=5, max_request_size=4 * 1024 * 1024)
    await producer.start()
    sent = 0
    try:
        for event in events:
            await producer.send(topic(event, prefix), event.value, key=event.key, headers=event.headers)
            sent += 1
        await producer.flush()
    finally:
        await producer.stop()
    return sent


async def send_command(
    broker: BrokerSettings, command_id: str, log_ids: Sequence[Any], trace: str | None = TRACE, **changes: Any
) -> None:
    """A command as any backend may send it, with a trace unless there is to be none."""
    data = {
        "account": "acme",
        "integration_type": "price",
        "requested_by": "maria",
        "reason": "corrected",
        "log_ids": [str(each) for each in log_ids],
        **changes,
    }
    event = {
        "specversion": "1.0",
        "type": "conexoes.reprocess.requested.v1",
        "source": "/test",
        "id": command_id,
        "time": datetime.now(UTC).isoformat(),
        "data": data,
        **({"traceparent": trace} if trace else {}),
    }
    producer = AIOKafkaProducer(bootstrap_servers=broker.kafka_bootstrap_servers)
    await producer.start()
    await producer.send_and_wait(broker.topics.commands, orjson.dumps(event), key=b"acme")
    await producer.stop()


@asynccontextmanager
async def consuming(servers: str, topic_name: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of a whole topic from its beginning."""
    consumer = AIOKafkaConsumer(
        topic_name, bootstrap_servers=servers, auto_offset_reset="earliest", max_partition_fetch_bytes=4 * 1024 * 1024
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def records(servers: str, topic_name: str, count: int) -> list[ConsumerRecord]:
    """The first `count` records of a topic."""
    found: list[ConsumerRecord] = []
    async with consuming(servers, topic_name) as consumer:
        while len(found) < count:
            for of_partition in (await consumer.getmany(timeout_ms=20_000)).values():
                found.extend(of_partition)
    return found


async def every_record(servers: str, topic_name: str) -> list[ConsumerRecord]:
    """All records that a topic has now, by partition and offset."""
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, max_partition_fetch_bytes=4 * 1024 * 1024)
    await consumer.start()
    found: list[ConsumerRecord] = []
    try:

        async def partitions() -> list[int]:  # a topic that was made a moment ago has none yet
            await consumer._client.force_metadata_update()
            return sorted(consumer.partitions_for_topic(topic_name) or ())

        consumer._client.add_topic(topic_name)
        places = [TopicPartition(topic_name, partition) for partition in await eventually(partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        for place in places:
            while await consumer.position(place) < ends[place]:
                found.extend((await consumer.getmany(place, timeout_ms=20_000)).get(place, []))
    finally:
        await consumer.stop()
    return found


async def stored(owner: asyncpg.Connection, count: int, seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until so many results are stored, `seconds` at most."""

    async def look() -> bool:
        return bool(await owner.fetchval("SELECT count(*) >= $1 FROM received_results", count))

    await eventually(look, seconds)


async def log_ids(owner: asyncpg.Connection, count: int) -> dict[str, uuid.UUID]:
    """Wait for so many logs; return their ids by key. AssertionError when a record was refused."""

    async def look() -> list[Any]:
        refused = await owner.fetch("SELECT code, reason, substring(value, 1, 300) FROM dead_letters")
        assert not refused, refused
        rows = await owner.fetch("SELECT key, id FROM status_logs")
        return rows if len(rows) == count else []

    return {row["key"]: row["id"] for row in await eventually(look)}


async def committed(broker: BrokerSettings, integration_type: str = "price") -> int:
    """Offsets of the agents' group, all partitions of one results topic added up."""
    return await committed_by(f"{broker.topic_prefix}-agents", broker, broker.topics.results(integration_type))


async def committed_by(group: str, broker: BrokerSettings, topic: str) -> int:
    """Offsets of a group, all partitions of one topic added up."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker.kafka_bootstrap_servers, group_id=group)
    await consumer.start()
    try:
        offsets = [
            await consumer.committed(TopicPartition(topic, partition)) for partition in range(broker.topic_partitions)
        ]
    finally:
        await consumer.stop()
    return sum(offset or 0 for offset in offsets)
