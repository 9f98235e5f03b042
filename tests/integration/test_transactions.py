"""Connectors that send in transactions: what they took back is not read, and their markers are no gaps."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from faust.types import TP
from structlog.testing import capture_logs

from agents.app import AgentsApp
from broker.settings import BrokerSettings
from storage.settings import StorageSettings
from tests.support.agents import committed, produce, running_worker, stored
from tests.support.events import result
from tests.support.waiting import eventually

pytestmark = pytest.mark.law


@asynccontextmanager
async def transactional(broker: BrokerSettings) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.kafka_bootstrap_servers, transactional_id=f"{broker.topic_prefix}-connector"
    )
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def send(producer: AIOKafkaProducer, broker: BrokerSettings, event_id: str) -> None:
    event = result(event_id, key=event_id)
    topic = broker.topics.results("price")
    await producer.send_and_wait(topic, event.value, key=event.key, headers=event.headers, partition=0)


@pytest.fixture
def apps(monkeypatch: pytest.MonkeyPatch) -> list[AgentsApp]:
    """The app of the worker that the test runs."""
    found: list[AgentsApp] = []

    class Kept(AgentsApp):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            found.append(self)

    monkeypatch.setattr("agents.app.AgentsApp", Kept)
    return found


async def test_markers_and_aborted_records_are_passed_without_an_alarm_and_without_lag(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    apps: list[AgentsApp],
) -> None:
    with capture_logs() as lines:
        async with running_worker(broker_settings, storage_settings, data_dir):
            async with transactional(broker_settings) as producer:
                for n in range(8):
                    async with producer.transaction():
                        await send(producer, broker_settings, f"kept-{n}")
                for n in range(8):
                    await producer.begin_transaction()
                    await send(producer, broker_settings, f"taken-back-{n}")
                    await producer.abort_transaction()
            await stored(owner, 8)

            async def all_committed() -> bool:
                return await committed(broker_settings) == 32  # a record and a marker each

            await eventually(all_committed)
            assert not apps[0].batches.standing()[0]
    assert await owner.fetchval("SELECT count(*) FROM attempts WHERE event_id LIKE 'taken-back%'") == 0
    assert await owner.fetchval("SELECT count(*) FROM dead_letters") == 0
    assert [line["event"] for line in lines if line["log_level"] in {"warning", "error"}] == []


async def test_an_open_transaction_is_neither_read_nor_lag_and_its_end_is_both_seen(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    apps: list[AgentsApp],
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with (
        transactional(broker_settings) as producer,
        running_worker(broker_settings, storage_settings, data_dir),
    ):
        await producer.begin_transaction()
        await send(producer, broker_settings, "in-a-transaction")
        # Other partitions go on.
        await produce(servers, prefix, [result(f"e{n}", key=f"SKU-{n}", integration_type="orders") for n in range(9)])
        await stored(owner, 9)
        assert await owner.fetchval("SELECT count(*) FROM attempts WHERE event_id = 'in-a-transaction'") == 0

        async def caught_up() -> bool:
            return not apps[0].batches.standing()[0]

        await eventually(caught_up)
        await producer.commit_transaction()
        await stored(owner, 10)


async def test_lag_is_seen_while_postgresql_takes_nothing(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    apps: list[AgentsApp],
) -> None:
    async with running_worker(broker_settings, storage_settings, data_dir):
        async with transactional(broker_settings) as producer, producer.transaction():
            await send(producer, broker_settings, "first")
        await stored(owner, 1)
        async with owner.transaction():
            await owner.execute("LOCK TABLE received_results IN ACCESS EXCLUSIVE MODE")
            async with transactional(broker_settings) as producer, producer.transaction():
                await send(producer, broker_settings, "second")

            async def lagging() -> bool:
                return apps[0].batches.standing()[0]

            await eventually(lagging)
            await asyncio.sleep(1.5)  # longer than a commit interval
            lags, reached = apps[0].batches.standing()
            assert lags
            assert cast("dict[Any, int]", reached)[TP(broker_settings.topics.results("price"), 0)] == 2
        await stored(owner, 2)

        async def caught_up() -> bool:
            return not apps[0].batches.standing()[0]

        await eventually(caught_up)
