"""Closing a consumer on a real Kafka, in the moment in which a fetch failed."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import NodeNotReadyError

from broker.closing import close_consumer
from broker.settings import BrokerSettings


async def waiting_after_a_failed_fetch(broker: BrokerSettings, monkeypatch: pytest.MonkeyPatch) -> AIOKafkaConsumer:
    """A consumer whose Kafka has just gone: its next fetch is tried in a minute."""
    consumer = AIOKafkaConsumer(broker.topics.retry("price"), bootstrap_servers=broker.kafka_bootstrap_servers)
    await consumer.start()
    for place in consumer.assignment():
        await consumer.position(place)  # of topics that are new, Kafka may have no leader yet
    failed = asyncio.Event()

    async def send(*_args: Any, **_named: Any) -> None:
        failed.set()
        raise NodeNotReadyError("gone")

    monkeypatch.setattr(consumer._fetcher, "_retry_backoff", 60)
    monkeypatch.setattr(consumer._client, "send", send)
    async with asyncio.timeout(60):
        await failed.wait()
    return consumer


async def test_who_closes_a_consumer_is_not_cancelled_by_it(
    broker_settings: BrokerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumer = await waiting_after_a_failed_fetch(broker_settings, monkeypatch)
    await close_consumer(consumer)
    assert [each for each in consumer._client._conns.values() if each.connected()] == []


async def test_who_is_cancelled_meanwhile_is(broker_settings: BrokerSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = await waiting_after_a_failed_fetch(broker_settings, monkeypatch)

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await close_consumer(consumer)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
