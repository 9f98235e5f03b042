"""Everything that happens to a system on an ordinary day, at a steady rate, and a ledger of it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg
from aiokafka.errors import KafkaError

from broker.backoff import pauses
from broker.errors import BrokerUnavailable
from broker.publisher import Record
from conexoes_connector.connector import Connector
from connectors.simulator.plan import SimulatedRecord
from tests.chaos.kafka_admin import known_topics
from tests.chaos.ledger import Ledger
from tests.chaos.system import System
from tests.support.waiting import eventually

ACCOUNTS = ("north", "south")
SOURCE = "/chaos"
_QUIET_SECONDS = 180.0


class Load(Connector):
    """A connector that notes what it sends. It waits while it is paused."""

    def __init__(self, system: System, seed: int) -> None:
        super().__init__(system.kafka.servers, source=SOURCE)
        self.system = system
        self.seed = seed
        self.ledger = Ledger()
        #: Sentences about answers and files that are not what was promised.
        self.complaints: list[str] = []
        self.stop = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()
        self._on_the_way = 0
        #: True when all that is not a record, but may be on its way to Kafka, has come to its end.
        self.others_done: list[Callable[[], Awaitable[bool]]] = []

    async def send(self, record: Record) -> None:
        """Send a result, as an answer to a retry is; noted, and again until it is acknowledged."""
        integration_type = record.topic.rpartition(".")[2]
        await self.give(SimulatedRecord(integration_type=integration_type, record=record, refused=None))

    async def give(self, made: SimulatedRecord) -> None:
        """Send a record, good or bad."""
        async with self.sending(made):
            for pause in pauses():
                try:
                    written = await self._publisher.publish(made.record)
                except BrokerUnavailable:
                    await asyncio.sleep(pause)
                else:
                    self.ledger.placed(made.record.topic, written.partition, written.offset)
                    return

    @asynccontextmanager
    async def sending(self, made: SimulatedRecord | None) -> AsyncIterator[None]:
        """Note `made`, which the block sends however long it takes; begun only while the load is not paused."""
        while not self._open.is_set():
            await self._open.wait()
        if made is not None:
            self.ledger.add(made)
        self._on_the_way += 1
        try:
            yield
        finally:
            self._on_the_way -= 1

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[bool]:
        """Send nothing in the block, and wait first until all that was sent is stored; False when it was not."""
        self._open.clear()
        try:
            with suppress(AssertionError):
                await eventually(self._quiet, _QUIET_SECONDS)
            yield await self._quiet()
        finally:
            self._open.set()

    async def _quiet(self) -> bool:
        return not self._on_the_way and await self.all_handled()

    async def all_handled(self) -> bool:
        """True if PostgreSQL has all that this Kafka acknowledged; False while one of them does not answer."""
        ends = dict(self.ledger.ends)
        try:
            known_as = await known_topics(self.system.kafka.servers, {topic for topic, _partition in ends})
            owner = await self.system.owner()
            try:
                rows = await owner.fetch("SELECT topic, partition, incarnation, next_offset FROM positions")
            finally:
                await owner.close(timeout=5)
            # Of a Kafka that is gone, a database that was restored may have stored more.
            stored = {
                (row["topic"], row["partition"]): row["next_offset"]
                for row in rows
                if row["incarnation"] == known_as.get(row["topic"])
            }
            if any(stored.get(place, 0) < end for place, end in ends.items()):
                return False
            return all([await each() for each in self.others_done])
        except (KafkaError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False
