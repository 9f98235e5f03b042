"""The memory of an agents process during a flood, or while the database is away."""

import asyncio
import time
import tracemalloc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition
from faust.types import TP

from agents.kafka.dead_letters import DeadLetters
from agents.kafka.delivery import Delivery
from agents.kafka.transport import RecordBatch
from agents.kafka.weight import weight
from agents.results.ingest import Ingest
from broker.publisher import Publisher
from schemas.catalogue import BY_NAME
from schemas.policy import Policy
from storage.clock import ServerClock
from storage.database import Database
from storage.settings import StorageSettings
from tests.support.events import Event, result
from tests.support.record_batch import record_batch


@pytest.mark.parametrize(
    "event",
    [
        Event(None, None, []),
        Event(b"k" * 40, None, []),
        Event(None, None, [("name", b"value")] * 50),
        Event(b"k", b"v" * 5000, []),
        result(),
    ],
    ids=["tombstone", "key", "headers", "value", "result"],
)
def test_a_record_weighs_about_what_it_takes(event: Event) -> None:
    raw = record_batch([event] * 500)
    tracemalloc.start()
    place = TopicPartition("t", 0)
    records = list(PartitionRecords(place, MemoryRecords(raw), [], 0, None, None, True, 0))  # noqa: FBT003
    taken, _peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.5 < sum(weight(each) for each in records) / taken < 2


class HostClock(ServerClock):
    """The host's own clock, for a test without a database."""

    def now_ns(self) -> int:
        return time.time_ns()


class Weighty:
    """A record whose life can be followed."""

    offset, key, headers = 0, b"k", ()
    timestamp, timestamp_type = 0, 0

    def __init__(self) -> None:
        self.value = result().value


async def test_batches_of_old_assignments_do_not_pile_up_while_the_database_is_away() -> None:
    database = Database("postgresql://127.0.0.1:1/nowhere", "writer", StorageSettings(connect_seconds=0.1))
    dead_letters = DeadLetters("t", Publisher("127.0.0.1:1"), database)
    generation = 0
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    all_delivered = asyncio.Event()

    async def batches() -> AsyncIterator[RecordBatch]:
        nonlocal generation
        for generation in range(1, 30):
            for _ in range(3):
                record: Any = Weighty()
                event = result()
                record.headers = event.headers
                alive.add(record)
                yield RecordBatch(TP("t", 0), generation, [record], 1000, 1)
                del record
                await asyncio.sleep(0)
        all_delivered.set()
        await asyncio.Event().wait()

    ingest = Ingest(
        BY_NAME["price"],
        database,
        dead_letters,
        Delivery(lambda _batch: None, lambda batch: batch.generation == generation, lambda: None),
        clock=HostClock(database),
        policy=Policy(),
    )
    running = asyncio.create_task(ingest.run(batches()))
    await all_delivered.wait()
    # What the writer holds, which may be a set of an old assignment, and one set of this.
    assert len(alive) <= 3 + 3 + 3
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
