"""Recovery as a connector sees it: a result is sent to every partition, and stored."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from conexoes_connector.result_event import result_record
from connectors.simulator.plan import SimulatedRecord
from schemas.catalogue import CATALOGUE
from tests.chaos.fault import Hurt
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

    async def recovered(self, hurt: Hurt) -> float:
        """Seconds until a result that is sent now is stored on every partition that was hit.

        Infinite when one was not within two minutes.
        """
        ids = await self._send(next(self._round), hurt)
        owner: asyncpg.Connection | None = None
        query = "SELECT count(*) FROM attempts WHERE account = $1 AND event_id = ANY($2)"

        async def stored() -> bool:
            nonlocal owner
            try:
                owner = owner or await self._system.owner()
                return bool(await owner.fetchval(query, ACCOUNT, ids, timeout=5) == len(ids))
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                owner = None
                return False

        try:
            await eventually(stored, _LONGEST_SECONDS)
        except AssertionError:
            return float("inf")
        finally:
            if owner is not None:
                await owner.close(timeout=5)
        return time.monotonic() - hurt.since

    async def _send(self, number: int, hurt: Hurt) -> list[str]:
        broker = self._system.broker
        made, places = [], []
        for partition in range(broker.topic_partitions):
            for each in CATALOGUE:
                if hurt.partitions and (broker.topics.results(each.name), partition) not in hurt.partitions:
                    continue
                data = {"account": ACCOUNT, "affiliate": "MLB", "key": f"P-{partition}", "status": "success"}
                event_id, now = f"probe-{number}-{each.name}-{partition}", datetime.now(UTC)
                record = result_record(broker.topics, each.name, data, source=_SOURCE, event_id=event_id, time=now)
                made.append(SimulatedRecord(integration_type=each.name, record=record, refused=None))
                places.append((event_id, partition))
        async with AsyncExitStack() as stack:
            for one in made:
                await stack.enter_async_context(self._load.sending(one))
            while True:
                try:
                    await self._write(made, [partition for _event_id, partition in places])
                except (KafkaError, OSError, TimeoutError):
                    await asyncio.sleep(0.1)
                else:
                    return [event_id for event_id, _partition in places]

    async def _write(self, made: Sequence[SimulatedRecord], partitions: Sequence[int]) -> None:
        """Write each to its partition; after an error all are written again, which counts once."""
        producer = AIOKafkaProducer(bootstrap_servers=self._system.kafka.servers, request_timeout_ms=5000)
        try:
            await producer.start()
            for placed in await asyncio.gather(
                *(
                    producer.send_and_wait(
                        each.record.topic,
                        each.record.value,
                        key=each.record.key,
                        headers=list(each.record.headers),
                        partition=partition,
                    )
                    for each, partition in zip(made, partitions, strict=True)
                )
            ):
                self._load.ledger.placed(placed.topic, placed.partition, placed.offset)
        finally:
            await producer.stop()
