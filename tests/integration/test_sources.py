"""A list of sources, with a real Kafka: topics of their own, and what is outside."""

import json
from pathlib import Path

import asyncpg

from broker.settings import BrokerSettings
from broker.topics import check_topics, create_topics
from conexoes_connector import Connector
from schemas.catalogue import CATALOGUE
from storage.settings import StorageSettings
from tests.support.agents import running_worker, stored
from tests.support.waiting import eventually


async def test_a_source_is_held_to_its_affiliates_accounts_and_topics(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    tmp_path: Path,
    owner: asyncpg.Connection,
) -> None:
    path = tmp_path / "sources.json"
    path.write_text(json.dumps({"/connectors/mlb": {"affiliates": ["MLB"], "accounts": ["acme"], "connector": "mlb"}}))
    broker = BrokerSettings(**{**broker_settings.model_dump(), "sources": str(path)})
    servers = str(broker.kafka_bootstrap_servers)
    made = await create_topics(servers, broker)
    assert sorted(made) == sorted(broker.topics.results(each.name, "mlb") for each in CATALOGUE)

    async def there() -> bool:  # Kafka knows new topics a moment later
        return not await check_topics(servers, broker)

    await eventually(there)

    async def emit(
        key: str, own: str | None, source: str = "/connectors/mlb", account: str = "acme", affiliate: str = "MLB"
    ) -> None:
        async with Connector(servers, source=source, own_topics=own, topic_prefix=broker.topic_prefix) as connector:
            await connector.emit("price", account=account, affiliate=affiliate, key=key, status="success")

    async def refused() -> bool:
        return bool(await owner.fetchval("SELECT count(*) = 4 FROM dead_letters"))

    async with running_worker(broker, storage_settings, data_dir):
        await emit("other topic", None)
        await emit("other source", "mlb", source="/connectors/amz")
        await emit("other account", "mlb", account="bravo")
        await emit("other affiliate", "mlb", affiliate="AMZ")
        await emit("good", "mlb")
        await stored(owner, 1)
        await eventually(refused)
    assert [row[0] for row in await owner.fetch("SELECT key FROM status_logs")] == ["good"]
    letters = await owner.fetch("SELECT account, code, convert_from(value, 'UTF8')::jsonb ->> 'key' FROM dead_letters")
    assert {tuple(each) for each in letters} == {
        ("acme", "not_allowed", "other topic"),
        ("acme", "not_allowed", "other source"),
        ("bravo", "not_allowed", "other account"),
        ("acme", "not_allowed", "other affiliate"),
    }


async def test_a_worker_that_comes_back_reads_topics_that_it_did_not_have(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    tmp_path: Path,
    owner: asyncpg.Connection,
) -> None:
    """Kafka gives a static member that comes back its old assignment, whatever it subscribes to now."""
    servers = str(broker_settings.kafka_bootstrap_servers)
    async with running_worker(broker_settings, storage_settings, data_dir, worker_id="w-again"):
        pass
    path = tmp_path / "sources.json"
    path.write_text(json.dumps({"/connectors/mlb": {"connector": "mlb"}}))
    broker = BrokerSettings(**{**broker_settings.model_dump(), "sources": str(path)})
    await create_topics(servers, broker)

    async def there() -> bool:
        return not await check_topics(servers, broker)

    await eventually(there)
    async with running_worker(broker, storage_settings, data_dir, worker_id="w-again"):
        async with Connector(
            servers, source="/connectors/mlb", own_topics="mlb", topic_prefix=broker.topic_prefix
        ) as connector:
            await connector.emit("price", account="acme", affiliate="MLB", key="SKU-1", status="success")
        await stored(owner, 1, seconds=120)
