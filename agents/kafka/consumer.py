"""The consumer of the transport: what it fetches, delivers, commits, and reads again."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, cast

import structlog
from aiokafka.errors import IllegalStateError, KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from agents.kafka.consumer_thread import BatchConsumerThread
from agents.kafka.fetch import Fetched, position
from agents.kafka.in_flight import InFlight
from agents.kafka.positions import incarnations
from agents.kafka.record_batch import RecordBatch
from agents.kafka.watermark import Watermark
from agents.metrics import MISSING_OFFSETS, READ_AGAIN, IngestWork
from agents.process import crash
from agents.process.availability import until_available
from broker.outage import Outages
from storage.database import Database
from storage.positions import Begin, Reached, begin_positions, has_lost

log = structlog.get_logger(__name__)

#: Seconds that a rebalance waits for what is in flight; far below the broker's rebalance timeout of a minute.
DRAIN_SECONDS = 5.0
#: Tries to read offsets that should exist, before they are taken for lost.
MAX_LOOKS = 3


class BatchConsumer(driver.Consumer):
    """Yields one message a fetched batch; commits what the watermark lets through."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.watermark = Watermark()
        self._in_flight = InFlight()
        self._expected: dict[TP, int] = {}  # the offset that the next batch of a partition must begin with
        self._begun: dict[TP, int] = {}  # the one that the first batch of this assignment had to begin with
        self._begins_at: dict[TP, deque[tuple[int, int]]] = {}  # in flight: ends, times of first records
        self._looks: dict[TP, tuple[int, int]] = {}  # the one that was sought back to last, and how often
        self._known_as: dict[TP, str] = {}  # of each that has begun, which topic of its name it is of
        self._anew: set[TP] = set()  # partitions whose offsets have begun anew under this assignment
        self._is_revoking = False  # from the end of an assignment to the next one
        self._outages = Outages(log)
        self._database: Database = cast(Any, self.app).database

    @property
    def idle(self) -> bool:
        """True when the agents have finished all that was delivered."""
        return self._in_flight.batches == 0

    def standing(self) -> tuple[bool, object]:
        """Tell agents.process.watchdog if records wait to be stored, and where each partition stands.

        Records behind an open transaction do not count: nobody may read them yet.
        """
        reached = self._reached()
        # A partition that the consumer has not reached yet is not known to wait.
        lagging = any((self._end(tp) or 0) > reached[tp] for tp in self.assignment() if tp in reached)
        return lagging, reached

    def snapshot(self) -> dict[str, object]:
        """Return what the consumer waits for, for whoever looks for the reason of a stall."""
        return {
            "flow_active": self.flow_active,
            "in_flight_batches": self._in_flight.batches,
            "in_flight_bytes": self._in_flight.bytes,
            "expected": {f"{tp.topic}/{tp.partition}": offset for tp, offset in self._expected.items()},
            "stored": {f"{tp.topic}/{tp.partition}": offset for tp, offset in self.watermark.stored().items()},
        }

    def waiting(self) -> dict[TP, int]:
        """Offsets of each partition between what is stored and its end; of those that were reached."""
        reached = self._reached()
        return {tp: max(0, (self._end(tp) or 0) - reached[tp]) for tp in self.assignment() if tp in reached}

    def oldest_waiting_ms(self) -> dict[TP, int]:
        """Times of the oldest records in flight, in milliseconds since 1970, of the partitions that have any."""
        return {tp: batches[0][1] for tp, batches in self._begins_at.items() if batches}

    def whole(self) -> dict[TP, tuple[float, bool]]:
        """Tell when each partition was looked at last, in seconds since 1970 by this host; and if all was stored then.

        All is what the broker has, records of open transactions included; of those partitions that were reached.
        """
        consumer: Any = self._thread._ensure_consumer()
        reached = self._reached()
        looked_at = {tp: consumer.last_poll_timestamp(tp) for tp in self.assignment() if tp in reached}
        return {
            tp: (ms / 1000, reached[tp] >= (consumer.highwater(tp) or 0))
            for tp, ms in looked_at.items()
            if ms is not None
        }

    def _reached(self) -> dict[TP, int]:
        """Return the offset up to which each partition is stored; of those whose beginning is known."""
        return {**self._begun, **self.watermark.stored()}

    def _end(self, tp: TP) -> int | None:
        """The last stable offset, as of the last fetch; None before the first."""
        end: int | None = self._thread._ensure_consumer().last_stable_offset(tp)
        return end

    def current(self, batch: RecordBatch) -> bool:
        """Tell if `batch` belongs to the current assignment.

        One that does not will be delivered again, to us or another.
        """
        return batch.generation == self.watermark.generation

    def done(self, batch: RecordBatch) -> bool:
        """Record that all of `batch` is stored or dead-lettered. False, and no effect, when its assignment is over.

        Call it in the order in which a partition was delivered.
        """
        moved = self.watermark.move(batch)
        if moved:
            self._in_flight.remove(batch.bytes)
            begins_at = self._begins_at.get(batch.tp)
            while begins_at and begins_at[0][0] <= batch.next_offset:
                begins_at.popleft()
        return moved

    async def drain(self, seconds: float) -> bool:
        """Wait up to `seconds` until all that was delivered is done, and as long for its commit. False when some is not
        done.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._in_flight.empty.wait(), seconds)
        with suppress(TimeoutError):  # what is not committed is read again, and is known
            await asyncio.wait_for(self.commit(), seconds)
        return self.idle

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        """Yield messages as Faust's does, but one for each batch, and fetch nothing while too much is in flight.

        What was fetched under another assignment is dropped: it is read again from where `_begin` says.
        """
        await self._wait_for_room(timeout)
        generation = self.watermark.generation
        found, _active = await self._wait_next_records(timeout)
        if self.should_stop:
            return
        fetched = cast("dict[TP, Fetched]", found or {})
        fetched |= self._quiet(fetched)
        moved = await self._begin(fetched, generation)
        for tp, of_partition in fetched.items():
            if not self.flow_active or generation != self.watermark.generation:
                return  # a rebalance came between, or the database has lost what was stored
            if tp not in self._expected or tp in moved or await self._sought_back(tp, of_partition.first_offset):
                continue
            if of_partition.first_offset < self._expected[tp]:
                await self._begin_anew(tp, of_partition.first_offset)
                continue
            if of_partition.next_offset != self._expected[tp]:
                after, self._expected[tp] = self._expected[tp], of_partition.next_offset
                self.app.monitor.track_tp_end_offset(tp, self._end(tp) or 0)
                # Faust drops without a word what is before the offset that it has read; we know what is expected.
                self._read_offset[tp] = None
                yield tp, self._deliver(tp, of_partition, after, generation)

    def _quiet(self, fetched: Mapping[TP, Fetched]) -> dict[TP, Fetched]:
        """Return partitions of which nothing comes, and is not known where they begin: that may be before.

        Others may be busy for hours, and whatever the database has lost of these would be missing as long.
        """
        if not self.flow_active or len(self._expected) == len(self.assignment()):
            return {}
        consumer: Any = self._thread._ensure_consumer()
        unknown = self.assignment() - fetched.keys() - self._expected.keys()
        # Without a leader there is no answer, and the busy ones would wait for it.
        led = [tp for tp in unknown if consumer._client.cluster.leader_for_partition(tp) not in {None, -1}]
        found = {tp: position(consumer._fetcher, tp) for tp in led}
        return {tp: Fetched(at, at, [], 0) for tp, at in found.items() if at is not None}

    async def _begin(self, fetched: Mapping[TP, Fetched], generation: int) -> set[TP]:
        """Find out where each partition that is new to this assignment begins; when Kafka is away, next time.

        Returns those that begin before what was fetched of them: they are fetched again from there.

        That is the smaller of what Kafka and PostgreSQL say. Kafka's is behind when a worker ended before it committed;
        PostgreSQL's when it was restored from a backup, or a standby that lagged took over.
        """
        moved: set[TP] = set()
        new = [tp for tp in fetched if tp not in self._expected]
        if not new:
            return moved
        try:
            known_as = await self._thread.call_thread(self._incarnations, {tp.topic for tp in new})
            new = [tp for tp in new if tp.topic in known_as]  # of a topic that was deleted meanwhile nothing can begin
            earliest = await self.earliest_offsets(*new)
            in_group = await self._thread.call_thread(self._committed, new)
        except KafkaError as exc:
            self._outages.failed("where partitions begin", str(exc))
            return moved
        self._outages.worked("where partitions begin")
        begins = [Begin(tp.topic, tp.partition, known_as[tp.topic], earliest[tp], tp in self._anew) for tp in new]
        stored = await until_available(IngestWork.POSITIONS, lambda: self._ask(begins))
        if generation != self.watermark.generation:
            return moved  # it took that long
        for tp in new:
            committed = self._committed_offset[tp] = None if tp in self._anew else in_group.get(tp)
            known = stored[tp.topic, tp.partition]
            # Where nothing is committed yet, everything that the topic still has is ours.
            begin = min(known, earliest[tp] if committed is None else committed)
            self._say_difference(tp, committed, known, begin)
            if fetched[tp].first_offset > begin:
                is_there = await self._go_to(tp, begin)
                if generation != self.watermark.generation:
                    return moved
                if not is_there:
                    continue
                moved.add(tp)
            self._expected[tp] = self._begun[tp] = begin
            self._known_as[tp] = known_as[tp.topic]
            self._anew.discard(tp)
        return moved

    async def _ask(self, begins: list[Begin]) -> dict[tuple[str, int], int]:
        async with self._database.transaction() as connection:
            return await begin_positions(connection, begins)

    async def _incarnations(self, topics: set[str]) -> Mapping[str, str]:
        return await incarnations(self._thread._ensure_consumer()._client, topics)

    async def _committed(self, partitions: list[TP]) -> dict[TP, int]:
        """Return the offsets that the group has committed; a partition of which it has none is left out."""
        coordinator: Any = self._thread._ensure_consumer()._coordinator
        found = await coordinator.fetch_committed_offsets(partitions)
        return {tp: each.offset for tp, each in found.items()}

    def _say_difference(self, tp: TP, committed: int | None, known: int, begin: int) -> None:
        place = {"topic": tp.topic, "partition": tp.partition, "kafka": committed, "postgresql": known}
        if committed is not None and known < committed:
            READ_AGAIN.labels(tp.topic, "postgresql").inc(committed - begin)
            log.warning("the database is behind Kafka's offset; reading again", **place, records=committed - begin)
        elif begin < known:
            READ_AGAIN.labels(tp.topic, "kafka").inc(known - begin)
            log.info("Kafka's offset is behind the database; reading again", **place, records=known - begin)

    async def _begin_anew(self, tp: TP, first: int) -> None:
        """The topic was made anew, or lost its end, and aiokafka has gone back to its beginning: so do we."""
        log.error("offsets begin anew", topic=tp.topic, partition=tp.partition, at=first)
        self._anew.add(tp)
        self.watermark.forget(tp)
        del self._expected[tp]
        await self._go_to(tp, first)

    async def compare(self) -> None:
        """Begin again if the database says of a partition that less is stored than was, or if a topic was made anew.

        The database may have been replaced by a standby that lagged. A record that comes would tell, but none may come.
        A topic that was deleted and made anew tells by its offsets only while they are smaller than those of the old
        one. While Kafka is away nothing is said of its topics. Raises StorageUnavailable.
        """
        generation = self.watermark.generation
        reached = [
            Reached(tp.topic, tp.partition, self._known_as[tp], offset) for tp, offset in self._reached().items()
        ]
        async with self._database.connection() as connection:
            lost = await has_lost(connection, reached)
        made_anew = [] if lost else await self._made_anew()
        if generation != self.watermark.generation:
            return
        if lost:
            self.begin_again()
        elif made_anew:
            log.error("topics were made anew; reading them from their beginnings", topics=made_anew)
            self._forget(self.assignment())

    async def _made_anew(self) -> list[str]:
        """Return topics whose names stand for other topics now than when this assignment began to read them."""
        known_as = dict(self._known_as)
        if not known_as:
            return []
        try:
            now = await self._thread.call_thread(self._incarnations, {tp.topic for tp in known_as})
        except KafkaError:
            return []  # the next comparison asks again
        return sorted({tp.topic for tp, id_ in known_as.items() if now.get(tp.topic, id_) != id_})

    def begin_again(self) -> None:
        """Ask where each partition begins, as after an assignment: the database is not the one that it was."""
        log.error("the database has lost what was stored; reading it again")
        self._forget(self.assignment())

    async def _sought_back(self, tp: TP, first: int) -> bool:
        """Seek back when offsets are missing before `first`. True when it did.

        Offsets that are missing after MAX_LOOKS do not exist any more: the topic's retention removed them before
        they were read, which is worth an alarm.
        """
        expected = self._expected[tp]
        if first <= expected:
            return False
        looked_for, times = self._looks.get(tp, (expected, 0))
        times = times + 1 if looked_for == expected else 1
        self._looks[tp] = expected, times
        place = {"topic": tp.topic, "partition": tp.partition, "missing": expected, "next": first}
        if times > MAX_LOOKS:
            log.error("offsets are gone", **place)
            MISSING_OFFSETS.labels(tp.topic).inc(first - expected)
            return False
        log.warning("offsets skipped; looking again", **place)
        await self._go_to(tp, expected)
        return True

    async def _go_to(self, tp: TP, offset: int) -> bool:
        """Fetch on from `offset`. False when the partition was taken from us meanwhile."""
        try:
            await self.seek(tp, offset)
        except IllegalStateError as exc:
            log.info("partition is gone", topic=tp.topic, partition=tp.partition, reason=str(exc))
            return False
        return True

    async def perform_seek(self) -> None:
        """Do nothing: aiokafka begins where the group has committed, and `_begin` seeks where that is not right.

        Faust's own, between an assignment and the flow, takes as long as Kafka's answers, and has a time-out after
        which Faust resumes nothing ever again.
        """

    def resume_flow(self) -> None:
        """Resume as Faust does, but for the next rebalance that has begun: it resumes what it has stopped."""
        if not self._is_revoking:
            super().resume_flow()

    async def _seek(self, partition: TP, offset: int) -> None:
        """Seek as Faust's does, but in the consumer's thread, where aiokafka's fetcher lives."""
        seek: Any = self._thread.seek
        await self._thread.call_thread(seek, partition, offset)

    def _deliver(self, tp: TP, fetched: Fetched, after: int, generation: int) -> ConsumerMessage:
        batch = RecordBatch(
            tp, generation, fetched.records, fetched.bytes, fetched.next_offset, after, self._known_as[tp]
        )
        self._in_flight.add(batch.bytes)
        if (times := batch.times_ms) is not None:
            self._begins_at.setdefault(tp, deque()).append((batch.next_offset, times[0]))
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            batch.next_offset - 1,
            timestamp=0.0,
            timestamp_type=0,
            headers=None,
            key=None,
            value=cast(Any, batch),
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _drain_messages(self, fetcher: Any) -> None:
        """Run Faust's loop over `getmany`. End the process when the loop ends unasked: nothing would read again."""
        error: BaseException | None = None
        try:
            await super()._drain_messages(fetcher)
        except BaseException as exc:
            error = exc
            raise
        finally:
            if not (cast(Any, self.app).stopping.is_set() or self.should_stop or fetcher.should_stop):
                crash.die("fetcher", error)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing. Faust takes an open transaction for a slow partition; our watchdog looks for real stalls."""

    async def _wait_for_room(self, seconds: float) -> None:
        """Wait until less is in flight, however long it takes: a slow or absent database is no error."""
        while not self.should_stop:
            try:
                await asyncio.wait_for(self._in_flight.room.wait(), seconds)
            except TimeoutError:
                continue  # wakes up only to check if the process stops
            return

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is in flight, if that is quick. The rest will be delivered again to the next owner."""
        self._is_revoking = True
        await self.drain(DRAIN_SECONDS)
        self._forget(revoked)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._is_revoking = False
        self._forget(assigned)
        await super().on_partitions_assigned(assigned, generation_id)

    def _forget(self, partitions: Iterable[TP]) -> None:
        """Stop waiting for batches of the old assignment: Faust drops those that no agent has begun."""
        self.watermark.new_generation(partitions)
        self._in_flight.clear()
        self._expected.clear()
        self._begun.clear()
        self._begins_at.clear()
        self._looks.clear()
        self._known_as.clear()
        self._anew.clear()

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: offsets that a compacted or transactional topic skips are no gap to the watermark."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        """Return all partitions to Faust's commit loop: the watermark decides what is committed."""
        return (tp for tp in self.assignment() if topics is None or tp in topics or tp.topic in topics)

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        wanted = set(tps)
        # Faust's own record of acknowledgements decides nothing here: keep it from growing.
        self._acked.clear()
        self._acked_index.clear()
        return {tp: offset for tp, offset in self.watermark.committable(self._committed_offset).items() if tp in wanted}
