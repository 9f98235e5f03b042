"""Records that take long, on a real Kafka: they hold up nothing else, and nothing is done again because of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from broker.publisher import Publisher, Record
from broker.settings import BrokerSettings
from conexoes_connector.partitions import Partitions
from tests.support.agents import committed_by
from tests.support.waiting import eventually

#: Far less than a record takes in these tests.
MAX_POLL_INTERVAL_MS = 1000


class Counting(Partitions):
    """Partitions that count how often they are taken away."""

    revoked = 0

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self.revoked += 1
        await super().on_partitions_revoked(revoked)


@asynccontextmanager
async def handling(
    broker: BrokerSettings,
    handle: Callable[[bytes], Awaitable[None]],
    types: Sequence[str] = ("price",),
    kind: type[AIOKafkaConsumer] = AIOKafkaConsumer,
) -> AsyncIterator[Counting]:
    """A member of the group, stopped in order."""
    stop = asyncio.Event()
    partitions = Counting(handle)
    consumer = kind(
        bootstrap_servers=str(broker.kafka_bootstrap_servers),
        group_id=group(broker),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
    )
    consumer.subscribe([broker.topics.retry(name) for name in types], listener=partitions)
    await consumer.start()
    task = asyncio.create_task(partitions.run(consumer, stop))
    try:
        yield partitions
    finally:
        stop.set()
        try:
            await task
        finally:
            await consumer.stop()


def group(broker: BrokerSettings) -> str:
    return f"{broker.topic_prefix}-slow"


async def write(broker: BrokerSettings, *values: str) -> None:
    """Write records in order; those that begin with the same letter are of one partition, other letters of others."""
    publisher = Publisher(str(broker.kafka_bootstrap_servers))
    keys = {"a": b"acme/MLB/0", "b": b"acme/MLB/2"}
    places = {}
    for value in values:
        written = await publisher.publish(Record(broker.topics.retry("price"), keys[value[0]], value.encode()))
        places[value[0]] = written.partition
    await publisher.close()
    assert len(set(places.values())) == len(places), "choose keys of different partitions"


async def committed(broker: BrokerSettings, count: int) -> None:
    async def enough() -> bool:
        return await committed_by(group(broker), broker, broker.topics.retry("price")) >= count

    await eventually(enough)


async def test_a_slow_record_holds_up_its_own_partition_only_and_what_was_done_is_committed(
    broker_settings: BrokerSettings,
) -> None:
    seen: list[str] = []
    ready = asyncio.Event()

    async def handle(value: bytes) -> None:
        seen.append(value.decode())
        if value == b"a2":
            await ready.wait()

    await write(broker_settings, "a1", "a2", "a3", "b1")
    async with handling(broker_settings, handle):
        await committed(broker_settings, 2)
        await write(broker_settings, "b2", "b3")
        await committed(broker_settings, 4)
        assert "a3" not in seen
        ready.set()
        await committed(broker_settings, 6)
    assert sorted(seen) == ["a1", "a2", "a3", "b1", "b2", "b3"]
    assert [each for each in seen if each < "b"] == ["a1", "a2", "a3"]


async def test_a_record_may_take_longer_than_kafka_waits_for_a_poll(broker_settings: BrokerSettings) -> None:
    seen: list[str] = []

    async def handle(value: bytes) -> None:
        seen.append(value.decode())
        await asyncio.sleep(4 * MAX_POLL_INTERVAL_MS / 1000)

    await write(broker_settings, "a1", "a2")
    async with handling(broker_settings, handle) as partitions:
        await committed(broker_settings, 2)
        assert partitions.revoked <= 1  # before the first assignment
    assert seen == ["a1", "a2"]


async def test_what_is_begun_when_it_is_stopped_is_ended_and_committed(broker_settings: BrokerSettings) -> None:
    begun, ready = asyncio.Event(), asyncio.Event()

    async def handle(_value: bytes) -> None:
        begun.set()
        await ready.wait()

    await write(broker_settings, "a1", "a2")
    async with handling(broker_settings, handle):
        await begun.wait()
        asyncio.get_running_loop().call_later(2 * MAX_POLL_INTERVAL_MS / 1000, ready.set)
    await committed(broker_settings, 1)


async def test_a_rebalance_hands_over_what_is_not_begun_and_never_handles_a_partition_twice_at_once(
    broker_settings: BrokerSettings,
) -> None:
    at_work = 0
    seen: list[str] = []

    async def handle(value: bytes) -> None:
        nonlocal at_work
        at_work += 1
        assert at_work == 1
        seen.append(value.decode())
        await asyncio.sleep(0.3)
        at_work -= 1

    async def handle_nothing(value: bytes) -> None:
        seen.append(value.decode())

    names = [f"a{number:02}" for number in range(20)]
    await write(broker_settings, *names)
    async with handling(broker_settings, handle) as first:
        await committed(broker_settings, 2)
        was = first.revoked
        async with handling(broker_settings, handle_nothing):
            await committed(broker_settings, 20)
        assert first.revoked > was
    assert set(seen) == set(names)
    assert len(seen) <= len(names) + 2  # that it was at, and Kafka not yet told


async def test_a_commit_that_does_not_end_holds_up_no_other_topic(
    broker_settings: BrokerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    stuck = asyncio.Event()

    class Stuck(AIOKafkaConsumer):  # type: ignore[misc]
        """A consumer that commits inventory without end, as aiokafka's does while a topic is gone."""

        async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
            if any(tp.topic.endswith(".inventory") for tp in offsets):
                stuck.set()
                await asyncio.Event().wait()
            await super().commit(offsets)

    async def handle(value: bytes) -> None:
        seen.append(value.decode())

    monkeypatch.setattr("conexoes_connector.partitions._COMMIT_SECONDS", 0.2)
    publisher = Publisher(str(broker_settings.kafka_bootstrap_servers))
    await publisher.publish(Record(broker_settings.topics.retry("inventory"), b"acme/MLB/0", b"of inventory"))
    await publisher.close()
    types = ("price", "inventory")
    async with handling(broker_settings, handle, types, Stuck):
        async with asyncio.timeout(60):
            await stuck.wait()
        await write(broker_settings, "a1", "b1")
        await committed(broker_settings, 2)
        async with handling(broker_settings, handle, types):  # which is let in
            await write(broker_settings, "a2", "b2")
            await committed(broker_settings, 4)
    assert set(seen) == {"of inventory", "a1", "b1", "a2", "b2"}


async def test_what_a_handler_raises_ends_it(broker_settings: BrokerSettings) -> None:
    async def handle(_value: bytes) -> None:
        raise IllegalStateError("of the handler")

    await write(broker_settings, "a1")
    with pytest.raises(IllegalStateError, match="of the handler"):
        async with handling(broker_settings, handle) as partitions:

            async def ended() -> bool:
                return partitions._assignment >= 3

            await eventually(ended)
