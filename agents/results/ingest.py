"""Results in: decode, store, and only then let the watermark move.

Decoding the next batch goes on while PostgreSQL writes the ones before. Every event ends stored, dead-lettered or
delivered again; none blocks its neighbours.
"""

import asyncio
from collections.abc import AsyncIterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import structlog
from faust.types import TP

from agents.kafka.dead_letters import DeadLetters
from agents.kafka.delivery import Delivery
from agents.kafka.record_batch import RecordBatch
from agents.kafka.unreadable import Unreadable
from agents.metrics import BATCH_ROWS, CONFLICTS, ITEMS, READ, RECORDS, STORE_SECONDS, IngestWork
from agents.process.availability import until_available
from agents.process.lock_wait import saying_blockers
from agents.process.statement_size import StatementSize
from agents.results.source_counts import SourceCounts
from agents.results.trace import steps_of
from schemas.catalogue import IntegrationType
from schemas.dead_letter import DeadLetter, RedriveLink, link_of
from schemas.policy import Policy
from schemas.reading.reader import ResultsReader
from schemas.redaction import Redaction
from schemas.refusal import DeadLetterCode, Refusal
from schemas.result import Result
from schemas.sources import Allowed
from storage.clock import ServerClock
from storage.database import Database
from storage.errors import RowRefused, StorageError
from storage.positions import Move, move_positions
from storage.redrive import settle_results
from storage.results import Stored, store
from storage.sent_aliases import SentAliases
from tracing.spans import begin, processed, sends_spans

#: Lines about ids that were used twice, of one batch; the metric counts all.
MAX_WARNINGS = 20

#: Rows of one statement. More gains nothing measurable; fewer than 500 costs a tenth.
MAX_ROWS = 5000
#: Bytes of fetched records that are joined into one statement: at 100 kB/s it ends before it times out.
MAX_BYTES = 4 * 1024 * 1024

#: A refusal of a time is decided by a look at PostgreSQL's clock that is no older.
_FRESH_SECONDS = 1.0

#: Transactions of one topic at a time, each of its own partitions: PostgreSQL works on one while the arguments of
#: another are encoded and sent. They meet in no row, since an entity has one partition.
WRITERS = 2

#: The `timestamp_type` of a record that the broker dated: `message.timestamp.type` is LogAppendTime.
_LOG_APPEND_TIME = 1

log = structlog.get_logger(__name__)


class AcceptedEvent(NamedTuple):
    """A result, and where it came from in case PostgreSQL refuses it."""

    result: Result
    record: Any  # aiokafka.ConsumerRecord
    position: int  # in a batch of events; 0 otherwise

    @property
    def link(self) -> RedriveLink | None:
        """The dead letter and the redrive that the record is of, if it was redriven."""
        return link_of(self.record.headers)


class Decoded(NamedTuple):
    """One fetched batch, told apart."""

    batch: RecordBatch
    accepted: list[AcceptedEvent]
    refused: list[DeadLetter]
    tombstones: int


def decode(reader: ResultsReader, batch: RecordBatch, now_ns: int, *, allowed: Allowed | None = None) -> Decoded:
    """Read every event of `batch`. Null values say nothing and are only counted. `allowed` None: any source."""
    accepted: list[AcceptedEvent] = []
    refused: list[DeadLetter] = []
    tombstones = 0
    for record in batch.records:
        if isinstance(record, Unreadable):
            refused.append(DeadLetter.of(record, 0, record.refusal))
            continue
        if record.value is None:
            tombstones += 1
            continue
        latest_ns = max(now_ns, _appended_ns(record))
        for position, event in enumerate(reader.read(record.headers, record.key, record.value, latest_ns)):
            refusal = event if isinstance(event, Refusal) else allowed and allowed.refusal(event)
            if refusal is not None:
                refused.append(DeadLetter.of(record, position, refusal))
            elif isinstance(event, Result):
                accepted.append(AcceptedEvent(event, record, position))
    return Decoded(batch, accepted, refused, tombstones)


def _appended_ns(record: Any) -> int:
    """Return when the broker appended a record, by its clock; 0 where the time is the producer's word."""
    return record.timestamp * 1_000_000 if record.timestamp_type == _LOG_APPEND_TIME else 0


def _moves(together: Sequence[Decoded]) -> list[Move]:
    """One for each partition, from where its first batch begins to where its last one ends."""
    moves: dict[TP, Move] = {}
    for each in together:
        move = each.batch.move
        first = moves.get(each.batch.tp, move)
        moves[each.batch.tp] = move._replace(after=first.after)
    return list(moves.values())


class Ingest:
    """The agent of one results topic."""

    def __init__(
        self,
        integration_type: IntegrationType,
        database: Database,
        dead_letters: DeadLetters,
        delivery: Delivery,
        *,
        clock: ServerClock,
        policy: Policy,
        sent: SentAliases | None = None,
        redaction: Redaction | None = None,
        allowed: Allowed | None = None,
        sources: SourceCounts | None = None,
    ) -> None:
        """`sent` and `sources` are those of all topics, so that they have one limit each."""
        self._type = integration_type
        self._database = database
        self._dead_letters = dead_letters
        self._delivery = delivery
        self._clock = clock
        self._policy = policy
        self._size = StatementSize(MAX_ROWS)
        self._sent = sent or SentAliases()
        self._reader = ResultsReader([integration_type], redaction)
        self._allowed = allowed
        self._sources = sources or SourceCounts(database)

    async def run(self, batches: AsyncIterable[RecordBatch]) -> None:
        """Take batches until cancelled. Whatever this raises is a bug, and the process must end."""
        # Unbounded, since the transport bounds what is in flight of one assignment, and others are dropped.
        queues: list[asyncio.Queue[Decoded]] = [asyncio.Queue() for _ in range(WRITERS)]
        generation = 0
        async with asyncio.TaskGroup() as tasks:
            writers = [tasks.create_task(self._write_all(queue)) for queue in queues]
            async for batch in batches:
                if batch.generation != generation:
                    generation = batch.generation
                    self._sent.forget()  # of a partition that comes back, logs may have been deleted and made anew
                    for queue in queues:
                        self._drop_outlived(queue)
                # A partition always has the same writer: the order of a partition is the order of the watermark.
                decoded = await self._decode(batch)
                queues[batch.tp.partition % WRITERS].put_nowait(decoded)
                del batch, decoded  # the next may be long in coming
                await asyncio.sleep(0)  # let the writer start before the next batch is decoded
            for writer in writers:
                writer.cancel()

    async def _decode(self, batch: RecordBatch) -> Decoded:
        decoded = decode(self._reader, batch, self._clock.now_ns(), allowed=self._allowed)
        if self._clock.age_seconds > _FRESH_SECONDS and any(
            each.refusal.code is DeadLetterCode.TIMESTAMP for each in decoded.refused
        ):
            # Nothing is refused by a clock that may have stood still with this machine.
            await until_available(IngestWork.CLOCK, self._clock.measure)
            decoded = decode(self._reader, batch, self._clock.now_ns(), allowed=self._allowed)
        for way, count in self._reader.drain().items():
            READ.labels(self._type.name, way).inc(count)
        return decoded

    def _drop_outlived(self, decoded: asyncio.Queue[Decoded]) -> None:
        """Drop batches of earlier assignments. While PostgreSQL is away, each rebalance would leave a set of them."""
        for _ in range(decoded.qsize()):
            each = decoded.get_nowait()
            if self._delivery.current(each.batch):
                decoded.put_nowait(each)

    async def _write_all(self, decoded: asyncio.Queue[Decoded]) -> None:
        while True:
            await self._write_next(decoded)

    async def _write_next(self, decoded: asyncio.Queue[Decoded]) -> None:
        """Wait for batches, and write those that are there, up to a limit. Nothing of them is kept while it waits."""
        together = [await decoded.get()]
        rows = len(together[0].accepted)
        size = together[0].batch.bytes
        while rows < self._size.rows and size < MAX_BYTES and not decoded.empty():
            together.append(decoded.get_nowait())
            rows += len(together[-1].accepted)
            size += together[-1].batch.bytes
        if await self._delivery.settle([each.batch for each in together], partial(self._write, together)):
            self._count(together)

    async def _write(self, together: Sequence[Decoded]) -> None:
        accepted = [accepted for each in together for accepted in each.accepted]
        begun_ns = begin()
        with STORE_SECONDS.time():
            await self._dead_letters.keep([letter for each in together for letter in each.refused])
            await self.store(accepted, _moves(together))
        if sends_spans():
            processed(steps_of(accepted), begun_ns)

    async def store(self, accepted: Sequence[AcceptedEvent], moves: Sequence[Move]) -> None:
        """Write results, waiting for PostgreSQL as long as it takes; what it refuses is dead-lettered alone.

        `moves` are written with the last of them. Raises PositionLost when the database lacks what comes before; then
        the last is not written, and of the others some may be.
        """
        if not accepted:
            await until_available(IngestWork.STORE, lambda: self._store_once((), moves))

        async def write(part: Sequence[AcceptedEvent]) -> None:
            await self._store_or_refuse(part, moves if part[-1] is accepted[-1] else ())

        await self._size.run_all(IngestWork.STORE, accepted, write)

    async def _store_or_refuse(self, accepted: Sequence[AcceptedEvent], moves: Sequence[Move]) -> None:
        """Raises StorageUnavailable."""
        try:
            await self._store_once(accepted, moves)
        except RowRefused as exc:
            if len(accepted) > 1:
                middle = len(accepted) // 2
                await self._store_or_refuse(accepted[:middle], ())
                await self._store_or_refuse(accepted[middle:], moves)
                return
            [(result, record, position)] = accepted
            part = result.body.encode() if result.in_batch else None
            refusal = Refusal(DeadLetterCode.STORAGE, exc.reason, part)
            await self._dead_letters.keep([DeadLetter.of(record, position, refusal)])
            await self._store_once((), moves)

    async def _store_once(self, accepted: Sequence[AcceptedEvent], moves: Sequence[Move]) -> None:
        if not accepted and not moves:
            return
        BATCH_ROWS.observe(len(accepted))
        try:
            async with (
                self._database.transaction() as connection,
                saying_blockers(f"store {self._type.name}", self._database, connection),
            ):
                results = [each.result for each in accepted]
                self._sent.at(self._database.connections_made)
                stored = await store(connection, results, self._policy, self._sent) if results else Stored([], [], {})
                if again := [(link, each.result) for each in accepted if (link := each.link) is not None]:
                    await settle_results(connection, again, stored.conflicts)
                await move_positions(connection, moves)
        except StorageError:
            self._sent.forget()
            raise
        self._sent.keep(stored.aliases)
        self._sources.add(self._type.name, results, self._clock.now_ns())
        for state in stored.outcomes:
            ITEMS.labels(state).inc()
        if stored.conflicts:
            self._warn_of(stored.conflicts)

    def _warn_of(self, conflicts: Sequence[Result]) -> None:
        """Log ids that were used twice. By contract the first event counts; people must see the connector's mistake."""
        CONFLICTS.labels(self._type.name).inc(len(conflicts))
        for each in conflicts[:MAX_WARNINGS]:
            # Not the event's own id: connectors make that of order numbers, which stay out of here.
            result = {"account": each.account, "source": each.source, "log": each.log_id, "result": each.id}
            log.warning("id used twice", integration_type=self._type.name, **result, of=len(conflicts))

    def _count(self, together: Sequence[Decoded]) -> None:
        for outcome, count in (
            ("stored", sum(len(each.accepted) for each in together)),
            ("dead_letter", sum(len(each.refused) for each in together)),
            ("tombstone", sum(each.tombstones for each in together)),
        ):
            RECORDS.labels(self._type.name, outcome).inc(count)
