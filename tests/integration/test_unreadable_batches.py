"""Record batches that aiokafka can't read: dead letters, and everything else goes on."""

from pathlib import Path

import asyncpg
import pytest

from agents.kafka.consumer import BatchConsumer
from broker.settings import BrokerSettings
from schemas.reasons.reason import Reason
from schemas.reasons.say import say
from storage.settings import StorageSettings
from tests.support.agents import committed, produce, records, running_worker, stored
from tests.support.events import Event, result
from tests.support.record_batch import STAND_IN, produce_batch, record_batch
from tests.support.waiting import eventually

pytestmark = pytest.mark.law


def odd(event_id: str) -> Event:
    """A result with a header whose name is not UTF-8."""
    event = result(event_id, key=event_id)
    return event._replace(headers=[*event.headers, (STAND_IN, b"x")])


async def test_a_header_name_that_is_not_utf8_is_dead_lettered_and_blocks_nobody(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    events = [result("before", key="before"), odd("bad"), result("after", key="after")]
    async with running_worker(broker_settings, storage_settings, data_dir):
        for gzip in (False, True):
            await produce_batch(servers, topic, 0, record_batch(events, gzip=gzip))
        await produce(servers, broker_settings.topic_prefix, [result(f"e{n}", key=f"SKU-{n}") for n in range(50)])
        await stored(owner, 52)

        async def all_committed() -> bool:
            return await committed(broker_settings) == 56

        await eventually(all_committed)
    rows = await owner.fetch('SELECT * FROM dead_letters ORDER BY "offset"')
    assert [(row["code"], row["account"], row["partition"]) for row in rows] == [("encoding", "acme", 0)] * 2
    assert all(f"offset {row['offset']} " in say(Reason.from_json(row["reason"]), "en") for row in rows)
    for letter in await records(servers, broker_settings.topics.dead_letter, 2):
        headers = dict(letter.headers)
        assert (letter.key, letter.value) == (events[1].key, events[1].value)
        assert headers["x-dead-letter-code"] == b"encoding"
        assert headers["x-dead-letter-topic"] == topic.encode()
        assert headers["x-dead-letter-partition"] == b"0"
        assert int(headers["x-dead-letter-offset"]) in {row["offset"] for row in rows}
        assert headers["\\xff\\xfe-name"] == b"x"


async def test_a_batch_that_the_brokers_disk_spoilt_is_dead_lettered_whole(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    kafka_log: Path,
) -> None:
    """E28. The broker serves it as it is; only the checksum tells."""
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price")
    spoilt = record_batch([result("x1", key="x1"), result("x2", key="x2")])
    batches = [record_batch([result("before", key="b")]), spoilt, record_batch([result("after", key="a")])]
    for each in batches:
        await produce_batch(servers, topic, 0, each)
    segment = kafka_log / f"{topic}-0" / f"{0:020}.log"
    with segment.open("r+b") as file:
        file.seek(len(batches[0]) + len(spoilt) - 1)
        file.write(b"?")
    async with running_worker(broker_settings, storage_settings, data_dir):
        await stored(owner, 2)

        async def all_committed() -> bool:
            return await committed(broker_settings) == 4

        await eventually(all_committed)
    [row] = await owner.fetch("SELECT * FROM dead_letters")
    assert (row["code"], row["offset"], row["value_bytes"]) == ("encoding", 1, len(spoilt))
    assert "offsets 1 to 2" in say(Reason.from_json(row["reason"]), "en")
    assert bytes(row["value"])[-20:] == spoilt[-20:-1] + b"?"


async def test_a_command_that_can_not_be_read_is_dead_lettered(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.commands
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce_batch(servers, topic, 0, record_batch([odd("c1")]))

        async def kept() -> bool:
            found = await owner.fetchval(
                "SELECT count(*) FROM dead_letters WHERE topic = $1 AND code = 'encoding'", topic
            )
            return bool(found == 1)

        await eventually(kept)


async def test_an_error_in_what_reads_from_kafka_ends_the_process(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    crashed: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process must not look alive and read nothing until the watchdog sees it."""

    async def broken(self: BatchConsumer, active_partitions: object, timeout: float) -> object:
        raise ZeroDivisionError("a bug")

    async with running_worker(broker_settings, storage_settings, data_dir):
        monkeypatch.setattr(BatchConsumer, "_getmany", broken)

        async def ended() -> bool:
            return bool(crashed)

        await eventually(ended, 10)
    assert "a bug" in crashed[0]
    crashed.clear()


async def test_a_crash_in_the_consumers_thread_ends_the_process(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    crashed: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from aiokafka import AIOKafkaConsumer

    async def broken(self: AIOKafkaConsumer, offsets: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(AIOKafkaConsumer, "commit", broken)
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, [result("e1")])

        async def ended() -> bool:
            return bool(crashed)

        await eventually(ended)
    assert "a bug" in crashed[0]
    crashed.clear()
