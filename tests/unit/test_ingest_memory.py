"""The memory of an agents process during a flood, or while the database is away."""

import asyncio
import gc
import json
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

from agents.kafka.delivery import Delivery
from agents.kafka.record_batch import RecordBatch
from agents.kafka.weight import weight
from agents.results.ingest import Ingest, decode
from broker.publisher import Record
from connectors.simulator.malformed import MALFORMED
from schemas.catalogue import BY_NAME
from schemas.envelope import BATCH
from schemas.reading.reader import ResultsReader
from schemas.refusal import DeadLetterCode
from tests.support.apart import ingest_apart
from tests.support.events import Event, result, whole
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


class Weighty:
    """A record whose life can be followed."""

    topic, partition = "t", 0
    offset, key, headers = 0, b"k", ()
    timestamp, timestamp_type = 0, 0

    def __init__(self) -> None:
        self.value = result().value


@pytest.mark.parametrize("in_batch", [False, True], ids=["alone", "in a batch"])
@pytest.mark.parametrize("code", MALFORMED)
def test_a_refusal_does_not_keep_the_records_beside_it(code: DeadLetterCode, *, in_batch: bool) -> None:
    """Neither by the frames that it has passed, nor in a cycle that waits for the collector, which comes seldom."""
    bad = MALFORMED[code](Record("t", b"k", result().value, result().headers))
    records: list[Any] = [Weighty(), Weighty(), Weighty()]
    alive = weakref.WeakSet(records)
    for record in records:
        record.headers = result().headers
    records[1].headers, records[1].value = bad.headers, bad.value
    if in_batch:
        event = whole(result(), specversion=None)
        records[1].headers, records[1].value = [("content-type", BATCH.encode())], json.dumps([event, whole(result())])
        records[1].value = records[1].value.encode()
    gc.disable()
    try:
        decoded = decode(ResultsReader([BY_NAME["price"]]), RecordBatch(TP("t", 0), 1, records, 0, 3), time.time_ns())
        [refusal] = [letter.refusal for letter in decoded.refused]
        assert len(decoded.accepted) == (3 if in_batch else 2)
        del decoded, records, record
        assert not alive
        assert refusal.__traceback__ is None
        assert refusal.__context__ is None
    finally:
        gc.enable()


async def test_batches_of_old_assignments_do_not_pile_up_while_the_database_is_away() -> None:
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

    ingest = ingest_apart(Delivery(lambda _batch: None, lambda batch: batch.generation == generation, lambda: None))
    running = asyncio.create_task(ingest.run(batches()))
    await all_delivered.wait()
    # What the writer holds, which may be a set of an old assignment, and one set of this.
    assert len(alive) <= 3 + 3 + 3
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_is_stored_is_not_kept_until_the_next_comes() -> None:
    """Each topic has an agent and two writers, of which each would keep what it had last."""
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    stored = asyncio.Event()

    async def batches() -> AsyncIterator[RecordBatch]:
        for partition in (0, 1):
            record: Any = Weighty()
            record.headers = result().headers
            alive.add(record)
            yield RecordBatch(TP("t", partition), 1, [record], 1000, 1)
            del record
        await asyncio.Event().wait()

    class Quick(Ingest):
        async def store(self, _accepted: Any, moves: Any) -> None:
            if moves[0].partition == 1:
                stored.set()

    ingest = ingest_apart(Delivery(lambda _batch: None, lambda _batch: True, lambda: None), Quick)
    running = asyncio.create_task(ingest.run(batches()))
    await asyncio.wait_for(stored.wait(), 10)
    await asyncio.sleep(0.05)
    assert not alive
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_batch_that_is_settled_has_no_records_any_more() -> None:
    """Faust keeps the last batch of a topic, and its message, until the next one comes."""
    done: list[int] = []
    batch = RecordBatch(TP("t", 0), 1, [Weighty()], 1000, 1)

    async def stored() -> None:
        assert len(batch.records) == 1

    delivery = Delivery(lambda each: done.append(len(each.records)), lambda _batch: True, lambda: None)
    assert await delivery.settle([batch], stored)
    assert (done, batch.records) == ([1], [])
