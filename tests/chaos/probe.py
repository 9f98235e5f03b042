"""Recovery as a connector sees it: a result is sent to every partition, and stored."""

import asyncio
import itertools
import time
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from connectors.result_event import result_record
from connectors.simulator.plan import SimulatedRecord
from schemas.catalogue import CATALOGUE
from tests.chaos.load.load import Load
from tests.chaos.system import System
from tests.support.waiting import eventually

ACCOUNT = "probe"
_SOURCE = "/chaos/probe"
_LONGEST_SECONDS = 120.0


class Probe:
    """Sends results of its own, and looks for them in PostgreSQL."""

    def __init__(self, system: System, load: Load) -> None:
        self._system = system
        self._load = load
        self._round = itertools.count(1)

    async def recovered(self, since: float) -> float:
        """Seconds from `since` (monotonic) until a result that was sent now is stored on every partition.

        Infinite when one was not within two minutes.
        """
        ids = await self._send(next(self._round))

        async def stored() -> bool:
            try:
                owner = await self._system.owner()
                try:
                    query = "SELECT count(*) FROM attempts WHERE account = $1 AND event_id = ANY($2)"
                    return bool(await owner.fetchval(query, ACCOUNT, ids) == len(ids))
                finally:
                    await owner.close(timeout=5)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                return False

        try:
            await eventually(stored, _LONGEST_SECONDS)
        except AssertionError:
            return float("inf")
        return time.monotonic() - since

    async def _send(self, number: int) -> list[str]:
        ids: list[str] = []
        broker = self._system.broker
        for partition in range(broker.topic_partitions):
            for each in CATALOGUE:
                now = datetime.now(UTC)
                ids.append(f"probe-{number}-{each.name}-{partition}")
                data = {"account": ACCOUNT, "affiliate": "MLB", "key": f"P-{partition}", "status": "success"}
                record = result_record(broker.topics, each.name, data, source=_SOURCE, event_id=ids[-1], time=now)
                made = SimulatedRecord(integration_type=each.name, record=record, refused=None)
                async with self._load.sending(made):
                    await self._write(made, partition)
        return ids

    async def _write(self, made: SimulatedRecord, partition: int) -> None:
        record = made.record
        while True:
            producer = AIOKafkaProducer(bootstrap_servers=self._system.kafka.servers, request_timeout_ms=5000)
            try:
                await producer.start()
                placed = await producer.send_and_wait(
                    record.topic, record.value, key=record.key, headers=list(record.headers), partition=partition
                )
            except (KafkaError, OSError, TimeoutError):
                await asyncio.sleep(0.1)
            else:
                self._load.ledger.placed(placed.topic, placed.partition, placed.offset)
                return
            finally:
                await producer.stop()
