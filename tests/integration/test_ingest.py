"""Ingest under faults: every message ends stored, dead-lettered or delivered again; the watermark holds."""

import asyncio
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord
from faust.types import TP

from agents.kafka.consumer import BatchConsumer
from agents.kafka.dead_letters import DeadLetters
from agents.kafka.delivery import Delivery
from agents.kafka.letter_topic import LetterTopic
from agents.kafka.record_batch import RecordBatch
from agents.kafka.weight import RECORD_BYTES
from agents.results.ingest import AcceptedEvent, Decoded, Ingest, decode
from broker.publisher import Publisher
from broker.settings import BrokerSettings
from schemas.catalogue import BY_NAME, CATALOGUE
from schemas.policy import Policy
from schemas.reading.reader import ResultsReader
from storage.clock import ServerClock
from storage.database import Database
from storage.positions import Move
from storage.settings import StorageSettings
from tests.support.agents import committed, produce, records, running_worker, stored
from tests.support.events import at, raw, result
from tests.support.proxy import proxied
from tests.support.waiting import eventually

pytestmark = pytest.mark.law


async def test_results_of_every_type_become_status_logs(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    events = [result(f"e-{each.name}", each.name, aliases={"ean": "789"}) for each in CATALOGUE]
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix, events)
        await stored(owner, len(events))
    rows = await owner.fetch("SELECT integration_type, status, code, attempts FROM status_logs ORDER BY 1")
    assert [tuple(row) for row in rows] == sorted((each.name, "error", "price.minimum", 1) for each in CATALOGUE)
    assert await owner.fetchval('SELECT count(*) FROM log_names WHERE aliases = \'{"ean": ["789"]}\'') == 5


async def test_a_mixed_batch_ends_stored_or_dead_lettered_and_all_of_it_is_committed(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    rng = random.Random(3)
    good = [result(f"e{n}", key=f"SKU-{n % 50}", processed_at=at(n)) for n in range(400)]
    bad = [raw(b"{", f"b{n}") for n in range(40)]
    duplicates = rng.sample(good, 60)
    tombstones = [raw(None, key=b"acme/MLB/x")] * 10
    events = good + bad + duplicates + tombstones
    rng.shuffle(events)
    servers = str(broker_settings.kafka_bootstrap_servers)
    await produce(servers, broker_settings.topic_prefix, events)
    async with running_worker(broker_settings, storage_settings, data_dir):

        async def all_committed() -> bool:
            return await committed(broker_settings) == len(events)

        await eventually(all_committed)
    assert await owner.fetchval("SELECT count(*) FROM attempts") == len(good)
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == len(good)
    assert await owner.fetchval("SELECT count(*) FROM dead_letters") == len(bad)
    assert len(await records(servers, broker_settings.topics.dead_letter, len(bad))) == len(bad)


async def test_a_database_that_is_away_is_waited_for_and_nothing_is_committed_meanwhile(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    database_url: str,
    data_dir: Path,
    owner: asyncpg.Connection,
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with proxied(database_url) as (proxy, url):
        through = storage_settings.model_copy(update={"database_url": url})
        async with running_worker(broker_settings, through, data_dir):
            await produce(servers, prefix, [result("before")])
            await stored(owner, 1)
            proxy.mode = "refuse"
            await produce(servers, prefix, [result(f"e{n}", key=f"SKU-{n}") for n in range(500)])
            await asyncio.sleep(3)  # as long as it takes to commit, if it would
            assert await committed(broker_settings) <= 1
            assert await owner.fetchval("SELECT count(*) FROM received_results") == 1
            proxy.mode = "pass"
            await stored(owner, 501)

            async def all_committed() -> bool:
                return await committed(broker_settings) == 501

            await eventually(all_committed)


async def test_a_commit_whose_answer_is_lost_changes_nothing_twice(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    database_url: str,
    data_dir: Path,
    owner: asyncpg.Connection,
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with proxied(database_url) as (proxy, url):
        through = storage_settings.model_copy(update={"database_url": url, "command_seconds": 1.0})
        async with running_worker(broker_settings, through, data_dir):
            await produce(servers, prefix, [result("warm", key="warm")])
            await stored(owner, 1)
            proxy.mode = "mute"
            await produce(servers, prefix, [result(f"e{n}") for n in range(50)])
            await asyncio.sleep(2.5)  # past the statement's timeout: it is tried again on a new connection
            proxy.mode = "pass"
            await stored(owner, 51)
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == 51


async def test_connections_that_are_killed_all_the_time_lose_nothing(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    total = 3000
    async with running_worker(broker_settings, storage_settings, data_dir):
        sending = asyncio.create_task(
            produce(servers, prefix, (result(f"e{n}", key=f"SKU-{n % 100}", processed_at=at(n)) for n in range(total)))
        )
        while not sending.done() or await owner.fetchval("SELECT count(*) FROM received_results") < total:
            await owner.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name LIKE 'conexoes-agents%' AND random() < 0.5"""
            )
            await asyncio.sleep(0.1)
        await sending
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == total


async def test_a_row_that_postgresql_refuses_is_dead_lettered_alone(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    await owner.execute("ALTER TABLE attempts ADD CONSTRAINT no_poison CHECK (key NOT LIKE 'poison%')")
    events = [result(f"e{n}", key=f"poison-{n}" if n in {7, 61} else f"SKU-{n}") for n in range(100)]
    servers = str(broker_settings.kafka_bootstrap_servers)
    await produce(servers, broker_settings.topic_prefix, events)
    async with running_worker(broker_settings, storage_settings, data_dir):
        await stored(owner, 98)

        async def two_letters() -> bool:
            return bool(await owner.fetchval("SELECT count(*) = 2 FROM dead_letters WHERE code = 'storage'"))

        await eventually(two_letters)
    assert await owner.fetchval("SELECT count(*) FROM status_logs") == 98
    assert {
        dict(each.headers)["x-dead-letter-code"]
        for each in await records(servers, broker_settings.topics.dead_letter, 2)
    } == {b"storage"}


async def test_two_workers_share_the_partitions_and_a_rebalance_loses_nothing(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    total = 6000
    async with running_worker(broker_settings, storage_settings, data_dir):
        sending = asyncio.create_task(
            produce(
                servers, prefix, (result(f"e{n}", key=f"SKU-{n % 300}", processed_at=at(n % 60)) for n in range(total))
            )
        )
        async with running_worker(broker_settings, storage_settings, data_dir):
            await stored(owner, total // 2)
        await stored(owner, total)
        await sending
    assert await owner.fetchval("SELECT sum(attempts) FROM status_logs") == total
    assert await owner.fetchval("SELECT count(*) FROM attempts") == total


async def test_an_error_that_nobody_foresaw_ends_the_process_and_commits_nothing(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    crashed: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(self: Ingest, accepted: list[AcceptedEvent], moves: list[Move]) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Ingest, "store", broken)
    servers = str(broker_settings.kafka_bootstrap_servers)
    await produce(servers, broker_settings.topic_prefix, [result(f"e{n}") for n in range(20)])
    async with running_worker(broker_settings, storage_settings, data_dir):

        async def ended() -> bool:
            return bool(crashed)

        await eventually(ended)
        await asyncio.sleep(2)  # longer than the commit interval: Faust restarts the agent and would acknowledge
    assert await committed(broker_settings) == 0
    assert "a bug" in crashed[0]
    crashed.clear()


async def test_records_that_a_fetch_skipped_are_looked_for_again(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Lose two fetches of each partition: the watermark must not pass them."""
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    wait = BatchConsumer._wait_next_records
    fetches: Counter[Any] = Counter()

    async def forgetful(self: BatchConsumer, timeout: float) -> Any:
        fetched, active = await wait(self, timeout)
        brought: Any = fetched or {}
        fetches.update(tp for tp, found in brought.items() if found.records)
        lost = {tp for tp, found in brought.items() if found.records and fetches[tp] in {1, 5}}
        return {tp: found for tp, found in brought.items() if tp not in lost}, active

    monkeypatch.setattr(BatchConsumer, "_wait_next_records", forgetful)
    total = 300
    async with running_worker(broker_settings, storage_settings, data_dir):
        for start in range(0, total, 20):
            await produce(servers, prefix, [result(f"e{n}", key=f"SKU-{n}") for n in range(start, start + 20)])

        async def all_stored() -> bool:
            return bool(await owner.fetchval("SELECT count(*) = $1 FROM attempts", total))

        await eventually(all_stored)


async def test_every_compression_that_connectors_use_is_read(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    for codec in (None, "gzip", "snappy", "lz4", "zstd"):
        producer = AIOKafkaProducer(
            bootstrap_servers=broker_settings.kafka_bootstrap_servers, compression_type=codec, linger_ms=5
        )
        await producer.start()
        event = result(f"e-{codec}", key=f"SKU-{codec}")
        await producer.send_and_wait(
            broker_settings.topics.results("price"), event.value, key=event.key, headers=event.headers
        )
        await producer.stop()
    async with running_worker(broker_settings, storage_settings, data_dir):
        await stored(owner, 5)


async def test_a_flood_of_tombstones_is_bounded_as_well(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agents.kafka.in_flight.MAX_IN_FLIGHT_BYTES", 200_000)
    monkeypatch.setattr("agents.kafka.consumer_thread.MAX_FETCH_BYTES", 50_000)
    taken = 0

    def counted(reader: ResultsReader, batch: RecordBatch, now_ns: int, **options: Any) -> Decoded:
        nonlocal taken
        taken += len(batch.records)
        return decode(reader, batch, now_ns, **options)

    monkeypatch.setattr("agents.results.ingest.decode", counted)
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    flood = [raw(None, key=b"acme/MLB/SKU-1")] * 3000
    async with running_worker(broker_settings, storage_settings, data_dir):
        async with owner.transaction():
            await owner.execute("LOCK TABLE received_results IN ACCESS EXCLUSIVE MODE")
            await produce(servers, prefix, [result(), *flood])
            await asyncio.sleep(3)  # as long as it takes to fetch them all, if it would
            assert 1 < taken < (200_000 + 50_000) / RECORD_BYTES + 2

        async def all_committed() -> bool:
            return await committed(broker_settings) == len(flood) + 1

        await eventually(all_committed)


async def test_what_is_redacted_is_nowhere_in_the_database(
    broker_settings: BrokerSettings, storage_settings: StorageSettings, data_dir: Path, owner: asyncpg.Connection
) -> None:
    canary = "4111-1111-canary"
    evidence = {"payment": {"cardNumber": canary}, "raw": f"<card_number>{canary}</card_number>"}
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    sent = [result("e1", request=evidence), result("e2", key="SKU-2", response=f"card-number={canary}&a=1")]
    async with running_worker(broker_settings, storage_settings, data_dir, redact=("card_number",)):
        await produce(servers, prefix, [*sent, *sent])
        await stored(owner, 2)

        async def all_committed() -> bool:
            return await committed(broker_settings) == 4

        await eventually(all_committed)
    tables = await owner.fetch(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = "
        "'conexoes'::regnamespace"
    )
    for table in tables:
        rows = await owner.fetch(f"SELECT t::text AS row FROM {table['name']} t")
        hidden = ("canary", b"canary".hex())
        assert not [row for row in rows if any(each in row["row"] for each in hidden)], table
    bodies = [row["body"] for row in await owner.fetch("SELECT body FROM attempts")]
    assert sorted(body.count("[redacted]") for body in bodies) == [1, 2]


async def test_a_slow_line_gets_statements_that_it_can_carry(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    database_url: str,
    data_dir: Path,
    owner: asyncpg.Connection,
) -> None:
    """Store a backlog that needs ten times a statement's time limit in one statement: it is halved until it fits."""
    evidence = "x" * 8000
    events = [result(f"e{n}", key=f"SKU-{n}", request=evidence) for n in range(300)]
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with proxied(database_url) as (proxy, url):
        proxy.bytes_per_second = 150_000
        slow = storage_settings.model_copy(update={"database_url": url, "command_seconds": 2.0})
        await produce(servers, prefix, events)
        async with running_worker(broker_settings, slow, data_dir):
            await stored(owner, len(events), seconds=200)
    assert await owner.fetchval("SELECT count(*) FROM attempts") == len(events)


def _record(processed_at: str, timestamp: int, timestamp_type: int) -> Any:
    event = result(processed_at=processed_at)
    return ConsumerRecord(
        "t", 0, 0, timestamp, timestamp_type, event.key, event.value, None, 0, 0, tuple(event.headers)
    )


@pytest.mark.parametrize(("timestamp_type", "accepted"), [(0, 0), (1, 1)], ids=["CreateTime", "LogAppendTime"])
def test_a_clock_that_is_behind_does_not_refuse_what_the_broker_dates(timestamp_type: int, accepted: int) -> None:
    """Half a day ahead of our clock, and at the time of the broker's: the producer's own word does not count."""
    now = datetime.now(UTC)
    record = _record(now.isoformat(), int(now.timestamp() * 1000), timestamp_type)
    batch = RecordBatch(TP("t", 0), 0, [record], 1000, 1)
    decoded = decode(ResultsReader([BY_NAME["price"]]), batch, int((now - timedelta(hours=12)).timestamp()) * 10**9)
    assert (len(decoded.accepted), len(decoded.refused)) == (accepted, 1 - accepted)


async def test_a_time_is_refused_by_a_fresh_look_at_postgresql_s_clock_only(
    broker_settings: BrokerSettings, writer: Database
) -> None:
    """A machine that was suspended: what it knew of PostgreSQL's clock is hours old."""
    clock = ServerClock(writer)
    await clock.measure()
    clock._server_ns -= 5 * 3600 * 10**9
    clock._measured_at -= 2 * 10**9
    letters = DeadLetters(LetterTopic("t", Publisher("127.0.0.1:1")), writer)
    ingest = Ingest(
        BY_NAME["price"],
        writer,
        letters,
        Delivery(lambda _batch: None, lambda _batch: True, lambda: None),
        clock=clock,
        policy=Policy(),
    )
    now = datetime.now(UTC)
    decoded = await ingest._decode(RecordBatch(TP("t", 0), 0, [_record(now.isoformat(), 0, 0)], 1000, 1))
    assert (len(decoded.accepted), len(decoded.refused)) == (1, 0)
    late = (now + timedelta(hours=2)).isoformat()
    decoded = await ingest._decode(RecordBatch(TP("t", 0), 0, [_record(late, 0, 0)], 1000, 1))
    assert (len(decoded.accepted), len(decoded.refused)) == (0, 1)


def test_no_agent_asks_its_host_what_time_it_is() -> None:
    """Times that are compared with those of others are PostgreSQL's: see storage.clock.

    Nor does one hand on what asks it; only the place that tells how far it is off.
    """
    asked = re.compile(r"\btime\.time(_ns)?\b|\bfrom time import\b.*\btime\b|\bdatetime\.(now|utcnow|today)\b")
    asking = [path.as_posix() for path in Path("agents").rglob("*.py") if asked.search(path.read_text())]
    assert asking == ["agents/process/clock.py"]
