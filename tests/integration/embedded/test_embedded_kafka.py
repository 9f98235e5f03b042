"""A real broker: what it promises its clients, and what happens to it and to its data."""

import os
import signal
import socket
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from embedded.errors import EmbeddedError
from embedded.kafka import EmbeddedKafka

Until = Callable[[Callable[[], bool]], Awaitable[None]]
IsGone = Callable[[int | None], bool]

TWO_MEGABYTES = os.urandom(2 * 1024 * 1024)


async def produce(bootstrap_servers: str, value: bytes) -> str:
    """Send the value to a new topic, and return the topic's name."""
    topic = f"test.{uuid.uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, max_request_size=5 * 1024 * 1024, enable_idempotence=True
    )
    async with producer:
        await producer.send_and_wait(topic, value)
    return topic


async def consume(bootstrap_servers: str, topic: str) -> bytes | None:
    """The topic's first value, read by a consumer group of its own."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap_servers, group_id=f"test.{uuid.uuid4()}", auto_offset_reset="earliest"
    )
    async with consumer:
        record = await consumer.getone()
        await consumer.commit()
    value: bytes | None = record.value
    return value


async def test_record_of_two_megabytes_is_kept_over_a_restart(data_dir: Path, port: int, is_gone: IsGone) -> None:
    kafka = EmbeddedKafka(data_dir, port)
    bootstrap_servers = await kafka.start()
    try:
        assert bootstrap_servers == f"127.0.0.1:{port}"
        topic = await produce(bootstrap_servers, TWO_MEGABYTES)
        assert await consume(bootstrap_servers, topic) == TWO_MEGABYTES
        pid = kafka.pid
        await kafka.stop()
        assert is_gone(pid)
        assert kafka.pid is None
        assert await consume(await kafka.start(), topic) == TWO_MEGABYTES
    finally:
        await kafka.stop()


async def test_killed_broker_starts_again_with_its_data(data_dir: Path, port: int) -> None:
    kafka = EmbeddedKafka(data_dir, port)
    try:
        topic = await produce(await kafka.start(), b"survives")
        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGKILL)
        assert "ended (exit code -9)" in str(await kafka.ended())
        assert await consume(await kafka.start(), topic) == b"survives"
    finally:
        await kafka.stop()


async def test_leftover_of_a_killed_owner_is_stopped_by_the_next_start(
    data_dir: Path, port: int, until: Until, is_gone: IsGone
) -> None:
    leftover, kafka = EmbeddedKafka(data_dir, port), EmbeddedKafka(data_dir, port)
    try:
        await leftover.start()
        old_pid = leftover.pid
        await kafka.start()
        await until(lambda: is_gone(old_pid))
        assert kafka.pid not in (None, old_pid)
    finally:
        await kafka.stop()
        await leftover.stop()


async def test_port_in_use_is_a_sentence_that_names_port_and_setting(data_dir: Path, port: int) -> None:
    sentence = rf"Port {port} .* CONEXOES_KAFKA_PORT"
    with socket.create_server(("127.0.0.1", port)), pytest.raises(EmbeddedError, match=sentence):
        await EmbeddedKafka(data_dir, port).start()


async def test_data_without_its_identity_is_refused_and_left_alone(data_dir: Path, port: int) -> None:
    topic = data_dir / "kafka" / "data" / "orders-0"
    topic.mkdir(parents=True)
    with pytest.raises(EmbeddedError, match=r"meta\.properties is missing"):
        await EmbeddedKafka(data_dir, port).start()
    assert topic.is_dir()


async def test_unreadable_identity_is_a_sentence_with_the_logs_place(data_dir: Path, port: int) -> None:
    data = data_dir / "kafka" / "data"
    data.mkdir(parents=True)
    (data / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=other\n")
    kafka = EmbeddedKafka(data_dir, port)
    with pytest.raises(EmbeddedError, match=r"Kafka ended at its start, saying «.+kafka\.log"):
        await kafka.start()
    assert kafka.pid is None


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("99.0.0", r"belongs to Kafka 99\.0\.0"),
        ("4.10.0", r"belongs to Kafka 4\.10\.0"),
        ("new", "«new» is no version"),
    ],
)
async def test_data_of_a_newer_kafka_are_refused(data_dir: Path, port: int, version: str, sentence: str) -> None:
    (data_dir / "kafka").mkdir(parents=True)
    (data_dir / "kafka" / "version").write_text(version)
    with pytest.raises(EmbeddedError, match=sentence):
        await EmbeddedKafka(data_dir, port).start()


async def test_data_directory_that_is_a_file_is_a_sentence(file_for_dir: Path, port: int) -> None:
    with pytest.raises(EmbeddedError, match="can't be used"):
        await EmbeddedKafka(file_for_dir, port).start()
