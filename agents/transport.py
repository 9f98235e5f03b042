"""Faust's Kafka transport, a batch at a time, with a fence before every commit.

Group membership, rebalancing, agents and supervision stay Faust's. Two things are ours (decision 0003):

*Batches.* Faust makes four asyncio tasks for every record; here one message carries all records that one fetch
brought of one partition, so that its per-message work is per batch.

*The fence.* Faust acknowledges what an agent failed on. Here no acknowledgement of Faust's counts: an offset is
committed only after `BatchConsumer.done` was called for it, which the agents do after PostgreSQL has committed.
Whatever goes wrong in between is delivered again.

It relies on insides of faust-streaming 0.15.3; tests/integration/test_transport.py fails when they change.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, cast

import faust
import structlog
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage, EventT

log = structlog.get_logger(__name__)

#: Bytes of records that are fetched and not stored yet, over all partitions of a process. More waits in the broker.
MAX_IN_FLIGHT_BYTES = 16 * 1024 * 1024
#: How long a rebalance waits for what is in flight; far below the broker's rebalance timeout of a minute.
DRAIN_SECONDS = 5.0
#: How long the broker may keep a fetch for which it has nothing.
FETCH_WAIT_MS = 50
#: How often offsets that should be there are looked for before they are given up as not existing.
MAX_LOOKS = 3


class RecordBatch(NamedTuple):
    """Records of one partition in the order of their offsets, as one fetch brought them."""

    tp: TP
    generation: int  # of the assignment under which it was fetched
    records: list[Any]  # aiokafka.ConsumerRecord
    bytes: int

    @property
    def next_offset(self) -> int:
        """Where to go on after this batch."""
        return int(self.records[-1].offset) + 1


class Fence:
    """How far each partition is stored. Nothing else is ever committed."""

    def __init__(self) -> None:
        self.generation = 0
        self._next_offsets: dict[TP, int] = {}

    def new_generation(self, revoked: Iterable[TP]) -> None:
        """The assignment changes: what was fetched under the old one proves nothing about the new one."""
        self.generation += 1
        for tp in revoked:
            self._next_offsets.pop(tp, None)

    def move(self, batch: RecordBatch) -> bool:
        """`batch` is stored, and all before it. False when it outlived its assignment: then its offset says nothing."""
        if batch.generation != self.generation:
            return False
        # Not back: a batch that is delivered again after a seek is stored, and so is all that was before.
        self._next_offsets[batch.tp] = max(batch.next_offset, self._next_offsets.get(batch.tp, 0))
        return True

    def stored(self) -> dict[TP, int]:
        """The next offset of each partition that something was stored of."""
        return dict(self._next_offsets)

    def committable(self, committed: Mapping[TP, int | None]) -> dict[TP, int]:
        """What is stored beyond what is committed."""
        return {tp: offset for tp, offset in self._next_offsets.items() if offset > (committed.get(tp) or 0)}


class _InFlight:
    """Counts what is delivered to agents and not done, and says when there is room for more."""

    def __init__(self) -> None:
        self.room = asyncio.Event()
        self.empty = asyncio.Event()
        self.clear()

    def clear(self) -> None:
        self.batches = self.bytes = 0
        self.room.set()
        self.empty.set()

    def add(self, size: int) -> None:
        self.batches += 1
        self.bytes += size
        self.empty.clear()
        if self.bytes >= MAX_IN_FLIGHT_BYTES:
            self.room.clear()

    def remove(self, size: int) -> None:
        self.batches -= 1
        self.bytes -= size
        if self.bytes < MAX_IN_FLIGHT_BYTES:
            self.room.set()
        if self.batches == 0:
            self.empty.set()


class BatchConsumer(driver.Consumer):
    """Yields one message a fetched batch; commits what the fence lets through."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fence = Fence()
        self._in_flight = _InFlight()
        self._expected: dict[TP, int] = {}  # the offset that the next batch of a partition must begin with
        self._looks: dict[TP, tuple[int, int]] = {}  # the one that was sought back to last, and how often

    @property
    def idle(self) -> bool:
        """Nothing is delivered and not done."""
        return self._in_flight.batches == 0

    def standing(self) -> tuple[bool, object]:
        """Whether records wait to be stored, and where each partition is: for agents.watchdog."""
        stored = self.fence.stored()
        # One more than is stored is not behind: a transaction ends with a marker that nobody can read.
        lagging = any(
            (self.highwater(tp) or 0) > stored.get(tp, self._committed_offset[tp] or 0) + 1 for tp in self.assignment()
        )
        return lagging, stored

    def done(self, batch: RecordBatch) -> None:
        """Everything of `batch` is stored or dead-lettered, for good. Call in the order of delivery of a partition."""
        if self.fence.move(batch):
            self._in_flight.remove(batch.bytes)

    async def drain(self, seconds: float) -> bool:
        """Wait until all that is delivered is done, `seconds` at most, and commit it. False when some is not."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._in_flight.empty.wait(), seconds)
        await self.commit()
        return self.idle

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """As Faust's, but a message is a batch, and nothing is fetched while too much is in flight.

        What was fetched and is not yielded is sought back to: the fetcher's position is past it already, so that
        the next fetch would go on behind it and the fence with it.
        """
        await self._wait_for_room(timeout)
        generation = self.fence.generation
        records, _active = await self._wait_next_records(timeout)
        if records is None or self.should_stop:
            return
        for tp, of_partition in records.items():
            if not self.flow_active or generation != self.fence.generation:
                # A rebalance came between. Whether these are of the assignment before or after it can't be told.
                await self.perform_seek()
                return
            if await self._sought_back(tp, of_partition[0].offset):
                continue
            self._expected[tp] = of_partition[-1].offset + 1
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            yield tp, self._deliver(tp, of_partition, generation)

    async def _sought_back(self, tp: TP, first: int) -> bool:
        """Whether records were missing before `first`, so that the fetcher was sent back to look for them.

        Offsets that are not there after MAX_LOOKS do not exist: a transaction's marker, or records that the topic's
        retention dropped before we came to them, which is worth an alarm.
        """
        expected = self._expected.get(tp)
        if expected is None:
            committed = self._committed_offset[tp]
            # Where nothing is committed yet, everything that the topic still has is ours.
            expected = (await self.earliest_offsets(tp))[tp] if committed is None else committed
        if first <= expected:
            return False
        looked_for, times = self._looks.get(tp, (expected, 0))
        times = times + 1 if looked_for == expected else 1
        self._looks[tp] = expected, times
        place = {"topic": tp.topic, "partition": tp.partition, "missing": expected, "next": first}
        if times > MAX_LOOKS:
            log.error("offsets are gone", **place)
            return False
        log.warning("offsets skipped; looking again", **place)
        await self.seek(tp, expected)
        return True

    def _deliver(self, tp: TP, records: list[Any], generation: int) -> ConsumerMessage:
        batch = RecordBatch(tp, generation, records, sum(len(record.value or b"") for record in records))
        self._in_flight.add(batch.bytes)
        message = self._to_message(tp, records[-1])
        message.value = cast(Any, batch)
        return message

    async def _wait_for_room(self, seconds: float) -> None:
        """Until less is in flight. The database may be slow or away, so this is no error, however long it takes."""
        while not self.should_stop:
            try:
                await asyncio.wait_for(self._in_flight.room.wait(), seconds)
            except TimeoutError:
                continue  # only to look whether we are to stop
            return

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is in flight if that is quick; what is not will be delivered again to the next owner."""
        await self.drain(DRAIN_SECONDS)
        self._forget(revoked)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._forget(assigned)
        await super().on_partitions_assigned(assigned, generation_id)

    def _forget(self, partitions: Iterable[TP]) -> None:
        """Batches of the old assignment are not waited for: Faust drops those that no agent has begun."""
        self.fence.new_generation(partitions)
        self._in_flight.clear()
        self._expected.clear()
        self._looks.clear()

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Nothing: offsets that a compacted or transactional topic skips are no gap to the fence."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        """Only for Faust's loop over what it is to commit; which that is, the fence says."""
        return (tp for tp in self.assignment() if topics is None or tp in topics or tp.topic in topics)

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        wanted = set(tps)
        # Faust's own bookkeeping of acknowledgements decides nothing here; let it not grow.
        self._acked.clear()
        self._acked_index.clear()
        return {tp: offset for tp, offset in self.fence.committable(self._committed_offset).items() if tp in wanted}


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's thread around aiokafka's consumer, with a shorter wait at the broker."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # aiokafka has one fetch under way for each broker. One for idle partitions holds up the busy ones for as
        # long as the broker lets it wait, and Faust fixes that at 1.5 s: a busy topic beside four idle ones got
        # 7,000 results/s that way. A shorter wait costs 20 small requests a second when nothing comes.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer


class BatchTransport(driver.Transport):
    """aiokafka with our consumer."""

    Consumer = BatchConsumer


class PassThrough(faust.Schema[Any, RecordBatch]):
    """Gives agents the batch itself: records are decoded by us, where a bad one can be set aside."""

    def compile(self, app: AppT, **_kwargs: Any) -> Any:
        """A decoder that can't fail."""

        async def decode(message: Any, **_kwargs: Any) -> EventT[Any]:
            return app.create_event(None, message.value, {}, message)

        return decode
