"""100,000 records of the simulator at full speed: rows equal to the model's, every malformed one a dead letter."""

import json
import time
from collections import Counter
from datetime import timedelta
from itertools import islice
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from broker.settings import BrokerSettings
from connectors.simulator.plan import Mix, Plan, SimulatedRecord
from connectors.simulator.settings import SimulatorSettings
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from tests.support.events import T0
from tests.support.model import fold
from tests.support.processes import conexoes, end
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

TOTAL = 100_000
MIX = Mix(malformed_share=0.03, duplicate_share=0.05, late_share=0.10, entities=2000)


def planned(broker: BrokerSettings) -> list[SimulatedRecord]:
    plan = Plan(SimulatorSettings(account="acme"), broker.topics, run="acceptance", mix=MIX)
    return list(islice(plan.records(T0 - timedelta(days=2), timedelta(seconds=1)), TOTAL))


def results_of(records: list[SimulatedRecord]) -> list[Result]:
    found = []
    for each in records:
        if each.refused is None:
            integration_type, record = BY_NAME[each.integration_type], each.record
            [one] = read(integration_type, record.headers, record.key, record.value or b"", time.time_ns())
            assert isinstance(one, Result)
            found.append(one)
    return found


async def produce(broker: BrokerSettings, records: list[SimulatedRecord]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=broker.kafka_bootstrap_servers, linger_ms=20, max_batch_size=256 * 1024
    )
    await producer.start()
    for each in records:
        record = each.record
        await producer.send(record.topic, record.value, key=record.key, headers=list(record.headers))
    await producer.flush()
    await producer.stop()


async def test_rows_equal_the_model_and_every_malformed_record_is_a_dead_letter(
    broker_settings: BrokerSettings, database_url: str, data_dir: Path, owner: asyncpg.Connection
) -> None:
    records = planned(broker_settings)
    refused = Counter(each.refused.value for each in records if each.refused)
    expected = fold(results_of(records))
    attempts = sum(row.attempts for row in expected.values())
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": str(broker_settings.kafka_bootstrap_servers),
        "TOPIC_PREFIX": broker_settings.topic_prefix,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
    }
    async with conexoes("agents", log=data_dir / "agents.log", **settings) as process:
        await produce(broker_settings, records)

        async def all_there() -> bool:
            counts = await owner.fetchrow(
                "SELECT (SELECT count(*) FROM received_results) >= $1 AND (SELECT count(*) FROM dead_letters) >= $2",
                attempts,
                refused.total(),
            )
            return bool(counts and counts[0])

        await eventually(all_there, 240)
        assert await end(process) == 0
    rows = await owner.fetch(
        "SELECT account, integration_type, affiliate, key, status, event_id, attempts, first_seen_at FROM status_logs"
    )
    assert {tuple(row)[:4]: tuple(row)[4:] for row in rows} == {name: tuple(row) for name, row in expected.items()}
    assert await owner.fetchval("SELECT count(*) FROM attempts") == attempts
    # One row for each record that was refused: a malformed one that was sent twice is refused twice.
    codes = await owner.fetch("SELECT code, count(*) FROM dead_letters GROUP BY 1")
    assert {row["code"]: row["count"] for row in codes} == dict(refused)
    assert "crashed" not in (data_dir / "agents.log").read_text()
    events = [json.loads(line)["event"] for line in (data_dir / "agents.log").read_text().splitlines()]
    assert events.count("dead letter") == refused.total()
