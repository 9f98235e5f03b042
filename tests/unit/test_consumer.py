"""The consumer between Faust, which drops and resumes in its own way, and a broker whose answers come late."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import mode
import pytest
import structlog
from faust.types import TP

from agents.kafka.consumer import BatchConsumer
from agents.kafka.fetch import Fetched
from agents.kafka.in_flight import InFlight
from agents.kafka.watermark import Watermark
from broker.outage import Outages

PLACE, OTHER = TP("results.price", 0), TP("results.price", 1)
COMMITTED = END = 4000
BATCH, MIB = 100, 1024 * 1024


class Consumer(BatchConsumer):
    """Partitions that are read up to their ends, of a database that knows nothing; without a broker."""

    def __init__(self) -> None:
        mode.Service.__init__(self)
        monitor = SimpleNamespace(track_tp_end_offset=lambda *_: None)
        topics = SimpleNamespace(acks_enabled_for=lambda _topic: False)
        self.app = SimpleNamespace(
            topics=topics, monitor=monitor, consumer_generation_id=1, stopping=asyncio.Event(), should_stop=False
        )  # type: ignore[assignment]
        self.transport = SimpleNamespace(app=self.app)  # type: ignore[assignment]
        self.watermark, self._in_flight = Watermark(), InFlight()
        self._expected, self._begun, self._begins_at, self._looks = {}, {}, {}, {}
        self._known_as, self._anew = {}, set()
        self._read_offset, self._committed_offset = defaultdict(lambda: None), defaultdict(lambda: None)
        self._commit_every, self._is_revoking = None, False
        self._outages = Outages(structlog.get_logger(__name__))
        self.flow_active, self.suspend_flow, self.can_resume_flow = True, asyncio.Event(), asyncio.Event()
        self.positions = {PLACE: COMMITTED, OTHER: COMMITTED}
        self.delivered: list[Any] = []
        self.all_delivered = asyncio.Event()
        self._thread = SimpleNamespace(call_thread=self._call, seek=self.positions.__setitem__)  # type: ignore[assignment]
        self.callback = self._take

    async def _call(self, function: Any, *arguments: Any) -> Any:
        found = function(*arguments)
        return await found if asyncio.iscoroutine(found) else found

    async def _take(self, message: Any) -> None:
        self.delivered.append(message.value)
        self.done(message.value)
        if len(self.delivered) == 2 * END // BATCH:
            self.all_delivered.set()

    async def earliest_offsets(self, *partitions: Any) -> Any:
        return dict.fromkeys(partitions, 0)

    async def _incarnations(self, topics: Any) -> Any:
        return dict.fromkeys(topics, "id")

    async def _committed(self, partitions: Any) -> Any:
        return dict.fromkeys(partitions, COMMITTED)

    async def _ask(self, begins: Any) -> Any:
        return {(each.topic, each.partition): 0 for each in begins}

    def _quiet(self, _fetched: Any) -> Any:
        return {}  # something comes of each

    def _end(self, _partition: Any) -> int:
        return END

    async def seek(self, partition: TP, offset: int) -> None:
        await super().seek(partition, offset)
        self._read_offset[partition] = COMMITTED  # as another part of Faust has it

    async def _wait_next_records(self, _timeout: float) -> Any:
        await asyncio.sleep(0)
        found = {}
        for place, position in self.positions.items():
            self.positions[place] = min(position + BATCH, END)
            found[place] = Fetched(position, self.positions[place], [], MIB if position < END else 0)
        return found, None

    @asynccontextmanager
    async def draining(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self._drain_messages(SimpleNamespace(_stopped=asyncio.Event(), should_stop=True)))
        try:
            yield
        finally:
            cast(Any, self.app).stopping.set()
            self._stopped.set()
            await task


async def test_what_is_read_again_is_delivered_whatever_faust_has_read() -> None:
    """Faust drops without a word what is before the offset that it takes for read; it would be in flight for ever."""
    consumer = Consumer()
    async with consumer.draining(), asyncio.timeout(30):
        await consumer.all_delivered.wait()
    assert consumer._in_flight.batches == consumer._in_flight.bytes == 0
    assert consumer.watermark.stored() == {PLACE: END, OTHER: END}


async def test_where_a_partition_begins_is_not_written_into_the_next_assignment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = Consumer()

    async def sought(_partition: TP, _offset: int) -> None:
        consumer._forget([PLACE, OTHER])  # a rebalance, while the consumer's thread seeks

    monkeypatch.setattr(consumer, "seek", sought)
    fetched = {PLACE: Fetched(COMMITTED, END, [], 0), OTHER: Fetched(COMMITTED, END, [], 0)}
    await consumer._begin(fetched, consumer.watermark.generation)
    assert consumer._expected == consumer._begun == {}


async def test_a_recovery_that_ends_late_resumes_nothing_that_the_next_rebalance_has_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    consumer = Consumer()
    consumer._committed_offset[PLACE] = 1

    async def told(*_arguments: Any) -> None:
        """Stand for Faust's own part."""

    monkeypatch.setattr("faust.transport.drivers.aiokafka.Consumer.on_partitions_revoked", told)
    monkeypatch.setattr("faust.transport.drivers.aiokafka.Consumer.on_partitions_assigned", told)
    monkeypatch.setattr(consumer, "commit", told)
    await consumer.on_partitions_revoked({PLACE})
    consumer.stop_flow()
    consumer.resume_flow()
    assert not consumer.flow_active
    await consumer.on_partitions_assigned({PLACE})
    consumer.resume_flow()
    assert consumer.flow_active


async def test_a_commit_that_hangs_holds_up_no_rebalance(monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = Consumer()

    async def hang() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(consumer, "commit", hang)
    async with asyncio.timeout(30):
        assert await consumer.drain(0.01)


class _Database:
    """A database that has lost nothing."""

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[None]:
        yield


@pytest.mark.parametrize(
    ("now", "begins_again"),
    [({"results.price": "id"}, False), ({"results.price": "another"}, True), ({}, False)],
    ids=["the same", "made anew", "not there"],
)
async def test_a_topic_that_stands_for_another_is_begun_again(
    monkeypatch: pytest.MonkeyPatch, now: dict[str, str], *, begins_again: bool
) -> None:
    """Group and offsets have not told: the client saw the old one, and then one with more records."""
    consumer = Consumer()
    consumer._database = cast(Any, _Database())

    async def has_lost(_connection: Any, _reached: Any) -> bool:
        return False

    monkeypatch.setattr("agents.kafka.consumer.has_lost", has_lost)
    await consumer._begin({PLACE: Fetched(COMMITTED, END, [], 0)}, consumer.watermark.generation)
    generation = consumer.watermark.generation

    async def incarnations(_topics: Any) -> Any:
        return now

    monkeypatch.setattr(consumer, "_incarnations", incarnations)
    monkeypatch.setattr(consumer, "assignment", lambda: {PLACE, OTHER})
    await consumer.compare()
    assert (consumer.watermark.generation != generation) is begins_again
    assert (PLACE not in consumer._expected) is begins_again
