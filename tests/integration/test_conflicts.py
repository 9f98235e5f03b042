"""E48: the same source and id with another body. The first one counts; the other is not lost without a word."""

import time
import uuid
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from agents.metrics import CONFLICTS
from agents.upkeep.maintenance import Maintenance
from broker.settings import BrokerSettings
from schemas.catalogue import BY_NAME
from schemas.filter import LogFilter
from schemas.redaction import Redaction
from schemas.result import Result, read
from storage.database import Database
from storage.logs.reader import LogReader
from storage.results import store
from storage.settings import StorageSettings
from tests.support.agents import committed, produce, running_worker
from tests.support.events import T0, Event, at, result
from tests.support.reprocess import Desk
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
        ([[FIRST], [result("e1", message="other"), FIRST, result("e1", message="other")]], ["e1"]),
        ([[FIRST], [result("e1", message="other")], [result("e1", message="other")]], ["e1", "e1"]),
        ([[FIRST], [result("e1", message="other"), result("e1", message="third")]], ["e1", "e1"]),
    ],
    ids=[
        "same body",
        "other body",
        "other entity",
        "other time",
        "among new ones",
        "in one batch",
        "both again",
        "before the same body",
        "delivered twice",
        "two others",
    ],
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
    refused = {(each.value, each.key) for batch in events for each in batch if each.value != FIRST.value}
    refused -= {(each.value, each.key) for each in (result("e2"), result("e3"))}
    assert await owner.fetchval("SELECT count(*) FROM conflicts") == len(refused)


async def test_a_refused_result_is_counted_on_its_own_log_once(
    desk: Desk, reader: Database, owner: asyncpg.Connection
) -> None:
    late = result("e1", status="success", errors=None, processed_at=at(60))
    elsewhere = result("e1", key="OTHER")
    await desk.store(FIRST)
    for _ in range(2):
        await desk.store(late, elsewhere)
    logs = LogReader(reader, lambda *_of_log: [])
    [log] = await logs.page("acme", "price", LogFilter(), after=None, limit=10)
    assert (log.key, log.status, log.attempts, log.conflicts) == ("SKU-1", "error", 1, 1)
    found = await logs.timeline("acme", "price", uuid.UUID(log.id), after=None, limit=10)
    assert found is not None
    [conflict] = [each for _place, each in found.entries if each.kind == "conflict"]
    assert (conflict.source, conflict.event_id, conflict.status) == ("/connectors/test", "e1", "success")
    assert conflict.processed_at == T0 + timedelta(seconds=60)
    # One about an entity without a log waits for it.
    await desk.store(result("e2", key="OTHER"))
    shown = await logs.page("acme", "price", LogFilter(), after=None, limit=10)
    assert {each.key: each.conflicts for each in shown} == {"SKU-1": 1, "OTHER": 1}


async def test_conflicts_are_forgotten_with_attempts_and_erased_with_their_log(
    desk: Desk, owner: asyncpg.Connection
) -> None:
    await desk.store(FIRST)
    await desk.store(result("e1", message="other"))
    await Maintenance(desk.writer, desk.writer.settings).once()
    assert await owner.fetchval("SELECT count(*) FROM conflicts") == 1
    await owner.execute("UPDATE conflicts SET received_at = received_at - interval '1000 days'")
    await Maintenance(desk.writer, desk.writer.settings).once()
    assert await owner.fetchval("SELECT count(*) FROM conflicts") == 0
    await desk.store(result("e1", message="other"))
    await owner.execute("SELECT erase_logs(array_agg(id)) FROM status_logs")
    assert await owner.fetchval("SELECT count(*) FROM conflicts") == 0


@pytest.mark.parametrize(("before", "after"), [([], ["password"]), (["password"], []), (["password"], ["mine"])])
async def test_the_same_bytes_under_other_rules_of_redaction_are_no_conflict(
    desk: Desk, owner: asyncpg.Connection, before: list[str], after: list[str]
) -> None:
    event = result("e1", request={"password": "x", "mine": "y"})
    for rules in (before, after):
        value, now = event.value or b"", time.time_ns()
        [found] = read(BY_NAME["price"], event.headers, event.key, value, now, redaction=Redaction(rules))
        assert isinstance(found, Result)
        async with desk.writer.transaction() as connection:
            stored = await store(connection, [found])
        assert stored.conflicts == []
    assert await owner.fetchval("SELECT count(*) FROM attempts") == 1
    assert await owner.fetchval("SELECT count(*) FROM conflicts") == 0
