"""Offsets live with the data: what a database lost is read again, whatever Kafka's group has committed."""

import asyncio
import inspect
import itertools
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions, NewTopic, RecordsToDelete
from faust.types import TP
from prometheus_client import REGISTRY

from agents.kafka import comparing, consumer
from agents.kafka.consumer import BatchConsumer
from broker.settings import BrokerSettings
from storage.settings import StorageSettings
from tests.support.agents import committed, produce, records, running_worker, stored
from tests.support.events import Event, result
from tests.support.kafka_admin import admin_of
from tests.support.record_batch import produce_batch, record_batch
from tests.support.waiting import eventually

pytestmark = pytest.mark.law


def results(numbers: range) -> list[Event]:
    return [result(f"e{n}", key=f"SKU-{n}") for n in numbers]


async def positions(owner: asyncpg.Connection, topic: str) -> dict[int, int]:
    rows = await owner.fetch("SELECT partition, next_offset FROM positions WHERE topic = $1", topic)
    return {row["partition"]: row["next_offset"] for row in rows}


async def lose_results(owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM received_results; DELETE FROM attempts")
    await owner.execute("DELETE FROM aliases; DELETE FROM status_logs")


async def lose_all(owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM positions")
    await lose_results(owner)


async def test_each_partition_says_how_far_it_is_stored(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    bad = result("bad", key="bad")._replace(value=b"{")
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, broker_settings.topic_prefix, [*results(range(40)), bad, result("last", key="bad")])

        async def all_moved() -> bool:
            return sum((await positions(owner, topic)).values()) == 42

        await eventually(all_moved)
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 41
    assert len({row[0] for row in await owner.fetch("SELECT incarnation FROM positions WHERE topic = $1", topic)}) == 1


@pytest.mark.parametrize("while_running", [False, True], ids=["before a start", "under a running worker"])
async def test_what_a_database_lost_is_read_again(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    *,
    while_running: bool,
) -> None:
    """C2: a backup that is restored, or a standby that lagged and took over from one statement to the next."""
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")

    async def restore() -> None:
        async with owner.transaction():
            await owner.execute("UPDATE positions SET next_offset = least(next_offset, 3)")
            await lose_results(owner)

    async def healed(count: int) -> None:
        async def all_moved() -> bool:
            return sum((await positions(owner, topic)).values()) == count

        await stored(owner, count - 3 * broker_settings.topic_partitions)
        await eventually(all_moved)

    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, broker_settings.topic_prefix, results(range(100)))
        await stored(owner, 100)
        if while_running:
            await restore()
            await produce(servers, broker_settings.topic_prefix, results(range(100, 140)))
            await healed(140)

        async def all_committed() -> bool:
            return await committed(broker_settings) >= 100

        await eventually(all_committed)
    if not while_running:
        await restore()
        async with running_worker(broker_settings, storage_settings, data_dir):
            await healed(100)


@pytest.mark.parametrize("how", ["connections were made anew", "a minute later", "while others are busy"])
async def test_what_a_database_lost_is_read_again_where_no_record_comes(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    """A standby that lagged takes over when all was stored and committed: no batch meets what is missing."""
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    others_are_busy = how == "while others are busy"
    if how == "a minute later":
        monkeypatch.setattr(comparing, "EVERY_SECONDS", 2.0)
    stopped = asyncio.Event()

    async def others() -> None:
        for number in itertools.count():
            if stopped.is_set():
                return
            events = [result(f"t{number}-{n}", "tracking", key=f"T-{n}") for n in range(10)]
            await produce(servers, broker_settings.topic_prefix, events)

    async def all_committed() -> bool:
        return await committed(broker_settings) == 100

    async def healed() -> bool:
        found = await owner.fetchval("SELECT count(*) FROM status_logs WHERE integration_type = 'price'")
        wanted = 100 if others_are_busy else 100 - 3 * len(before)
        return found == wanted and await positions(owner, topic) == before

    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, broker_settings.topic_prefix, results(range(100)))
        await stored(owner, 100)
        await eventually(all_committed)
        before = await positions(owner, topic)
        busy = asyncio.create_task(others() if others_are_busy else asyncio.sleep(0))
        async with owner.transaction():
            await owner.execute("UPDATE positions SET next_offset = least(next_offset, 3) WHERE topic = $1", topic)
            if not others_are_busy:  # whose transactions would meet this one
                await lose_results(owner)
        if how != "a minute later":
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name LIKE 'conexoes-agents%'"
            )
        await eventually(healed)
        stopped.set()
        await busy


@pytest.mark.parametrize("record_comes", [True, False])
async def test_a_database_that_knows_the_topic_as_another_has_lost_what_was_stored(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    *,
    record_comes: bool,
) -> None:
    """A standby from before Kafka was made anew takes over: it has stored more, of the topic that is gone."""
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, broker_settings.topic_prefix, results(range(60)))
        await stored(owner, 60)
        async with owner.transaction():
            await owner.execute(
                "UPDATE positions SET incarnation = 'before', next_offset = 1000 WHERE topic = $1", topic
            )
            await lose_results(owner)
        if record_comes:
            await produce(servers, broker_settings.topic_prefix, results(range(60, 90)))
        else:
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name LIKE 'conexoes-agents%'"
            )
        await stored(owner, 90 if record_comes else 60)


async def test_a_database_that_knows_nothing_begins_at_the_beginning(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers = str(broker_settings.kafka_bootstrap_servers)
    for _ in range(2):
        async with running_worker(broker_settings, storage_settings, data_dir):
            await produce(servers, broker_settings.topic_prefix, results(range(50)))
            await stored(owner, 50)
            await lose_all(owner)
    async with running_worker(broker_settings, storage_settings, data_dir):
        await stored(owner, 50)


async def test_what_a_database_lost_is_read_again_while_workers_join(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    """Each one that joins is a rebalance, and each rebalance a time at which partitions begin anew."""
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, prefix, results(range(300)))
        await stored(owner, 300)
    await lose_all(owner)
    async with AsyncExitStack() as stack:
        workers = [running_worker(broker_settings, storage_settings, data_dir / str(number)) for number in range(3)]
        await asyncio.gather(*map(stack.enter_async_context, workers))
        await stored(owner, 300)


async def test_offsets_that_kafka_removed_are_counted(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    partition = TopicPartition(topic, 0)
    batches = [record_batch([result(f"{lot}{n}", key=f"SKU-{n}") for n in range(10)]) for lot in "abc"]
    await produce_batch(servers, topic, 0, batches[0])
    async with running_worker(broker_settings, storage_settings, data_dir):
        await stored(owner, 10)
    for batch in batches[1:]:
        await produce_batch(servers, topic, 0, batch)
    async with admin_of(servers) as admin:
        await admin.delete_records({partition: RecordsToDelete(before_offset=17)})
    async with running_worker(broker_settings, storage_settings, data_dir):
        await stored(owner, 23)
    assert REGISTRY.get_sample_value("conexoes_missing_offsets_total", {"topic": topic}) == 7


async def test_a_partition_that_is_added_is_read_within_30_seconds(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    async with running_worker(broker_settings, storage_settings, data_dir):
        async with admin_of(servers) as admin:
            await admin.create_partitions({topic: NewPartitions(broker_settings.topic_partitions + 1)})
        began = time.monotonic()
        await produce_batch(servers, topic, broker_settings.topic_partitions, record_batch([result("new")]))
        await stored(owner, 1)
        assert time.monotonic() - began < 30


async def test_a_partition_that_was_taken_away_before_a_seek_ends_nobody(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """C9: the assignment changes while we wait, and aiokafka raises IllegalStateError."""
    answers: list[bool] = []
    begin = BatchConsumer._begin

    async def late(self: BatchConsumer, *arguments: Any) -> set[TP]:
        answers.append(await self._go_to(TP("another's", 0), 5))
        return await begin(self, *arguments)

    monkeypatch.setattr(BatchConsumer, "_begin", late)
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, results(range(20)))
        await stored(owner, 20)
    assert set(answers) == {False}
    assert inspect.getsource(consumer).count(".seek(") == 1  # no other way to seek


async def test_offsets_and_dead_letters_of_a_topic_that_was_made_anew_are_others(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    """C8: the same places of a new topic hold other records."""
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    incarnations = set()
    async with admin_of(servers) as admin:
        for round_ in range(2):
            events = [result(f"r{round_}", key="k"), result("x", key="k")._replace(value=f"{{{round_}".encode())]
            await produce(servers, broker_settings.topic_prefix, events)
            async with running_worker(broker_settings, storage_settings, data_dir):
                await stored(owner, round_ + 1)

                async def both_set_aside(count: int = round_ + 1) -> bool:
                    return bool(await owner.fetchval("SELECT count(*) FROM dead_letters") == count)

                await eventually(both_set_aside)
            incarnations.add(await owner.fetchval("SELECT DISTINCT incarnation FROM positions WHERE topic = $1", topic))
            await admin.delete_topics([topic])

            async def made_again() -> bool:
                answer = await admin.create_topics([NewTopic(topic, broker_settings.topic_partitions, 1)])
                return bool(answer.topic_errors[0][1] == 0)

            await eventually(made_again)
    assert len(incarnations) == 2
    rows = await owner.fetch('SELECT "offset", value FROM dead_letters ORDER BY value')
    assert [(row["offset"], bytes(row["value"])) for row in rows] == [(1, b"{0"), (1, b"{1")]
    assert len(await records(servers, broker_settings.topics.dead_letter, 2)) == 2


async def test_a_topic_that_is_made_anew_under_a_running_worker_is_read_from_its_beginning(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Offsets do not tell that its first ones were never read, where it soon has more records than the old one had."""
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    monkeypatch.setattr(comparing, "EVERY_SECONDS", 2.0)
    consumers: list[BatchConsumer] = []
    wait_for_room = BatchConsumer._wait_for_room

    async def seen(self: BatchConsumer, seconds: float) -> None:
        consumers.append(self)
        await wait_for_room(self, seconds)

    monkeypatch.setattr(BatchConsumer, "_wait_for_room", seen)
    async with running_worker(broker_settings, storage_settings, data_dir), admin_of(servers) as admin:
        await produce_batch(servers, topic, 0, record_batch([result(f"old{n}") for n in range(20)]))
        await stored(owner, 20)
        thread = consumers[-1]._thread
        reading: Any = thread._ensure_consumer()
        places = [each for each in reading.assignment() if each.topic == topic]
        await thread.call_thread(lambda: reading.pause(*places))  # so that it asks for nothing before all is there
        await admin.delete_topics([topic])

        async def made_again() -> bool:
            answer = await admin.create_topics([NewTopic(topic, broker_settings.topic_partitions, 1)])
            return bool(answer.topic_errors[0][1] == 0)

        await eventually(made_again)
        await produce_batch(servers, topic, 0, record_batch([result(f"new{n}") for n in range(50)]))
        await thread.call_thread(lambda: reading.resume(*places))
        await stored(owner, 70)
