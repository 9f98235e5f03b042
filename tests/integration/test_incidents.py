"""Incidents from results on Kafka to their edges: once each, also when the worker that judges is killed."""

from pathlib import Path

import asyncpg

from broker.settings import BrokerSettings
from storage.database import Database
from storage.incidents.freshness import read_freshness
from storage.incidents.incidents import get_incident, list_incidents
from storage.settings import StorageSettings
from tests.support.agents import produce, running_worker, stored
from tests.support.events import Event, result
from tests.support.learned import have_had, pass_time
from tests.support.processes import conexoes
from tests.support.waiting import eventually

PAIRS = [("acme", "price", "MLB"), ("acme", "orders", "MLB"), ("acme", "price", "AMZ")]
ANY: dict[str, list[str]] = {"state": [], "kind": [], "affiliate": [], "integration_type": []}


def outage(status: str, count: int, first: int = 0) -> list[Event]:
    """Results of as many entities, of which none has two."""
    return [
        result(f"{status}-{number}", key=f"SKU-{number}", status=status, errors=None, message=None)
        for number in range(first, first + count)
    ]


async def test_an_outage_is_opened_and_resolved_once_though_the_worker_that_judges_is_killed(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    database_url: str,
    owner: asyncpg.Connection,
    reader: Database,
    tmp_path: Path,
) -> None:
    servers = str(broker_settings.kafka_bootstrap_servers)
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": broker_settings.topic_prefix,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path),
        "WORKER_ID": "judge",
    }
    await have_had(owner, PAIRS)
    other = await asyncpg.connect(database_url, server_settings={"search_path": "conexoes"})
    try:
        async with conexoes("agents", log=tmp_path / "log", **settings) as process:
            async with other.transaction():
                # The incident is inserted; its edge waits.
                await other.execute("LOCK TABLE incident_edges IN ACCESS EXCLUSIVE MODE")
                await produce(servers, broker_settings.topic_prefix, outage("error", 40))
                await stored(owner, 40)
                await eventually(lambda: owner.fetchval(WAITING))
                process.kill()
                await process.wait()
            assert await owner.fetchval("SELECT count(*) FROM incidents") == 0
    finally:
        await other.close()
    async with running_worker(broker_settings, storage_settings, tmp_path, worker_id="judge"):
        await eventually(lambda: owner.fetchval("SELECT count(*) FROM incident_edges"))
        [opened] = await list_incidents(reader, "acme", where=ANY, after=None, limit=10)
        assert (opened.kind, opened.state, opened.affiliate, opened.integration_type) == (
            "failure_share",
            "open",
            "MLB",
            "price",
        )
        assert opened.facts.count == 40
        assert opened.facts.usual is not None
        assert opened.facts.usual < 0.1
        await pass_time(owner, 20)
        await produce(servers, broker_settings.topic_prefix, outage("success", 60, first=40))
        await eventually(lambda: owner.fetchval("SELECT count(*) FROM incident_edges WHERE edge = 'resolved'"))
        # All that was looked for is there, and is complete.
        fresh = await read_freshness(reader, "acme")
        assert {(each.affiliate, each.integration_type) for each in fresh.items} == {pair[:0:-1] for pair in PAIRS}
        assert all(each.as_of is not None and each.usual_interval_seconds is not None for each in fresh.items)
    story = await get_incident(reader, "acme", opened.incident_id)
    assert story is not None
    assert [each.edge for each in story.edges] == ["opened", "resolved"]
    assert story.state == "resolved"
    assert story.resolved_at == story.edges[-1].at
    assert len(await list_incidents(reader, "acme", where=ANY | {"kind": ["failure_share"]}, after=None, limit=9)) == 1


WAITING = """
    SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
    WHERE NOT l.granted AND l.relation = 'incident_edges'::regclass AND a.application_name LIKE 'conexoes-agents%'
"""
