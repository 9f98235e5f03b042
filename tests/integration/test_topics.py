"""Topics as `conexoes topics` makes them, and what it says of others."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka.admin import NewTopic

from broker.settings import BrokerSettings
from broker.topics import Found, Wanted, check_topics, create_topics, faults_of, raise_partitions, wanted
from tests.support.kafka_admin import admin_of
from tests.support.processes import conexoes
from tests.support.waiting import eventually

GOOD = {
    "max.message.bytes": "5000000",
    "min.insync.replicas": "2",
    "retention.ms": str(7 * 86_400_000),
    "message.timestamp.type": "LogAppendTime",
}
TOPIC = Wanted("t", size=1000, partitions=4, replicas=3, retention_ms=7 * 86_400_000)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Found(4, 3, GOOD), []),
        (Found(9, 3, GOOD | {"retention.ms": "-1"}), []),
        (Found(2, 3, GOOD), ["has 2 partitions, not 4"]),
        (Found(4, 1, GOOD | {"min.insync.replicas": "1"}), ["has 1 of 3 replicas"]),
        (Found(4, 3, GOOD | {"min.insync.replicas": "1"}), ["has min.insync.replicas=1; it must be 2"]),
        (Found(4, 3, GOOD | {"retention.ms": "86400000"}), ["keeps records for 1 days"]),
        (Found(4, 3, GOOD | {"message.timestamp.type": "CreateTime"}), ["has message.timestamp.type=CreateTime"]),
        (Found(4, 3, GOOD | {"max.message.bytes": "999"}), ["takes records up to 999 bytes; it must take 1000"]),
    ],
)
def test_what_is_less_than_it_must_be_is_said(found: Found, said: list[str]) -> None:
    faults = list(faults_of(TOPIC, found))
    assert len(faults) == len(said)
    assert all(fault.startswith(each) for fault, each in zip(faults, said, strict=True))


@pytest.mark.parametrize(("brokers", "given", "replicas", "in_sync"), [(1, None, 1, 1), (3, None, 3, 2), (5, 2, 2, 1)])
def test_replicas_are_three_where_there_are_three_brokers(
    brokers: int, given: int | None, replicas: int, in_sync: int
) -> None:
    settings = BrokerSettings(topic_replication=given, dead_letter_retention_days=30)
    topics = list(wanted(settings, brokers))
    assert {(each.replicas, each.in_sync) for each in topics} == {(replicas, in_sync)}
    days = {each.name: each.retention_ms / 86_400_000 for each in topics}
    assert days.pop(settings.topics.dead_letter) == 30
    assert set(days.values()) == {7}


@asynccontextmanager
async def named_topics(servers: str, partitions: int) -> AsyncIterator[BrokerSettings]:
    prefix = f"t{uuid.uuid4().hex[:12]}"
    settings = BrokerSettings(kafka_bootstrap_servers=servers, topic_prefix=prefix, topic_partitions=partitions)
    yield settings
    async with admin_of(servers) as admin:
        await admin.delete_topics(settings.topics.names())


async def test_topics_that_we_make_have_no_fault_and_can_get_more_partitions(
    kafka_servers: str, tmp_path: Path
) -> None:
    async with named_topics(kafka_servers, 1) as settings:
        await create_topics(kafka_servers, settings)
        assert await check_topics(kafka_servers, settings) == []
        more = settings.model_copy(update={"topic_partitions": 2})
        faults = await check_topics(kafka_servers, more)
        assert len(faults) == len(list(settings.topics.all()))
        assert all("has 1 partitions, not 2" in each for each in faults)
        given = {"KAFKA_BOOTSTRAP_SERVERS": kafka_servers, "TOPIC_PREFIX": settings.topic_prefix}
        log = tmp_path / "log"
        async with conexoes("topics", "--raise-partitions", log=log, TOPIC_PARTITIONS="2", **given) as process:
            assert await process.wait() == 0, log.read_text("utf-8")
        assert await check_topics(kafka_servers, more) == []
        assert await raise_partitions(kafka_servers, more) == []


async def test_topics_that_others_made_are_told_apart(kafka_servers: str) -> None:
    async with named_topics(kafka_servers, 1) as settings:
        short = {"retention.ms": "3600000", "max.message.bytes": "1000", "message.timestamp.type": "CreateTime"}
        async with admin_of(kafka_servers) as admin:
            await admin.create_topics([NewTopic(settings.topics.commands, 1, 1, topic_configs=short)])
        await create_topics(kafka_servers, settings)

        async def three() -> bool:
            found = await check_topics(kafka_servers, settings)
            return len(found) == 3 and all(settings.topics.commands in each for each in found)

        await eventually(three)
