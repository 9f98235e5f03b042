"""E48: the same source and id with another body. The first one counts; the other is not lost without a word."""

from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from agents.metrics import CONFLICTS
from broker.settings import BrokerSettings
from storage.settings import StorageSettings
from tests.support.agents import committed, produce, running_worker
from tests.support.events import Event, at, result
from tests.support.waiting import eventually

pytestmark = pytest.mark.law

FIRST = result("e1", message="first")


@pytest.mark.parametrize(
    ("events", "names"),
    [
        ([[FIRST], [FIRST, FIRST]], []),
        ([[FIRST], [result("e1", message="other")]], ["e1"]),
        ([[FIRST], [result("e1", key="SKU-2")]], ["e1"]),
        ([[FIRST], [result("e1", processed_at=at(1))]], ["e1"]),
        ([[FIRST], [result("e2"), result("e1", message="other"), result("e3")]], ["e1"]),
        ([[FIRST, result("e1", message="other")]], ["e1"]),
        ([[FIRST, result("e2")], [result("e2"), FIRST]], []),
    ],
    ids=["same body", "other body", "other entity", "other time", "among new ones", "in one batch", "both again"],
)
async def test_another_event_of_the_same_id_is_named_and_counted(
    events: list[list[Event]],
    names: list[str],
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    owner: asyncpg.Connection,
) -> None:
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    before = CONFLICTS.labels("price")._value.get()
    sent: list[Event] = []

    async def all_committed() -> bool:
        return await committed(broker_settings) == len(sent)

    with capture_logs() as lines:
        async with running_worker(broker_settings, storage_settings, data_dir):
            for batch in events:
                # Keyed alike, so that they come in order.
                sent += [each._replace(key=b"acme/MLB/SKU-1") for each in batch]
                await produce(servers, prefix, sent[-len(batch) :])
                await eventually(all_committed)
    warned = [line for line in lines if line["event"] == "id used twice"]
    kept = {
        row["result_id"].hex: row["event_id"] for row in await owner.fetch("SELECT result_id, event_id FROM attempts")
    }
    assert [kept[line["result"]] for line in warned] == names
    assert all((line["source"], line["account"]) == ("/connectors/test", "acme") for line in warned)
    assert CONFLICTS.labels("price")._value.get() - before == len(names)
    assert await owner.fetchval("SELECT message FROM attempts WHERE event_id = 'e1'") == "first"
    assert await owner.fetchval("SELECT count(*) FROM dead_letters") == 0
