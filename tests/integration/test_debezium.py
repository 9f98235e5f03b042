"""The recipe of docs/true-now.md: what is true now, as a compacted topic that Debezium keeps."""

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from broker.settings import BrokerSettings
from storage.results import store
from tests.support.agents import consuming
from tests.support.connect import connecting
from tests.support.events import Event, at, result
from tests.support.opened import opened
from tests.support.reprocess import read_all
from tests.support.standby import decoding_copy_of, moved
from tests.support.waiting import eventually

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TOPIC = "conexoes.now"
#: Longer than what PostgreSQL keeps in the row, and not to be compressed into it.
LONG = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(500))


def settings(path: Path, directory: Path, **changes: str) -> Path:
    """Write the connector's settings of the documents with what is another here."""
    told = json.loads(path.read_text("utf-8"))
    assert changes.keys() <= told["config"].keys()
    told["config"] |= changes
    written = directory / path.name
    written.write_text(json.dumps(told), "utf-8")
    return written


async def rows(owner: asyncpg.Connection) -> dict[str, tuple[Any, ...]]:
    """Return what is true now, by log."""
    found = await owner.fetch("SELECT id, account, key, status, code, message, reprocess_state FROM status_logs")
    return {str(row["id"]): tuple(row)[1:] for row in found}


class Now:
    """Reader of the topic, from its beginning."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.said: dict[str, tuple[Any, ...]] = {}
        self.deleted: set[str] = set()

    async def read(self) -> dict[str, tuple[Any, ...]]:
        """Read what has come since."""
        for records in (await self._consumer.getmany(timeout_ms=200)).values():
            for record in records:
                self._take(record.key.decode(), record.value)
        return self.said

    def _take(self, key: str, value: bytes | None) -> None:
        if value is None:
            self.said.pop(key, None)
            self.deleted.add(key)
            return
        row = json.loads(value)
        assert row["id"] == key
        assert "words" not in row
        names = ("account", "key", "status", "code", "message", "reprocess_state")
        self.said[key] = tuple(row[name] for name in names)


async def test_the_recipe_keeps_what_is_true_now_in_a_compacted_topic(
    broker_settings: BrokerSettings, database_url: str, tmp_path: Path
) -> None:
    servers = str(broker_settings.kafka_bootstrap_servers)
    async with decoding_copy_of(database_url) as host:
        url = moved(database_url, host)
        owner = await asyncpg.connect(url, server_settings={"search_path": "conexoes"})

        async def put(*events: Event) -> None:
            async with opened(url, "writer") as writer, writer.transaction() as connection:
                await store(connection, read_all(events))

        async def there() -> bool:
            return TOPIC in await admin.list_topics()

        async def same(now: Now) -> bool:
            return await now.read() == await rows(owner)

        await put(*(result(f"e{n}", key=f"SKU-{n}", message=LONG) for n in range(20)))
        await put(result("other", key="SKU-1", account="globex"))
        await owner.execute((EXAMPLES / "true-now.sql").read_text("utf-8"))
        name, port = host.split(":")
        connector = settings(
            EXAMPLES / "true-now.json",
            tmp_path,
            **{
                "database.hostname": name,
                "database.port": port,
                "database.dbname": url.rpartition("/")[2],
                "topic.creation.default.replication.factor": "1",
            },
        )
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        await admin.start()
        async with connecting(servers, connector, tmp_path) as log:
            try:
                await eventually(there, seconds=180)
                async with consuming(servers, TOPIC) as consumer:
                    now = Now(consumer)
                    await eventually(lambda: same(now), seconds=60)
                    well: dict[str, Any] = {"status": "success", "errors": None, "processed_at": at(9)}
                    await put(*(result(f"s{n}", key=f"SKU-{n}", **well) for n in range(5)))
                    # A change beside a long message, which PostgreSQL's log then does not have.
                    await owner.execute(
                        """UPDATE status_logs SET reprocess_state = 'queued', reprocess_item_id = id,
                               reprocess_command_id = 'c', reprocess_at = now()
                           WHERE key = 'SKU-9'"""
                    )
                    gone = await owner.fetchval("DELETE FROM status_logs WHERE key = 'SKU-8' RETURNING id")
                    await eventually(lambda: same(now), seconds=60)
            except (AssertionError, KafkaError) as exc:
                pytest.fail(f"{exc}: {log.read_text('utf-8')[-4000:]}")
        assert str(gone) in now.deleted
        assert LONG in {said[4] for said in now.said.values() if said[5] == "queued"}
        await owner.close()
    try:
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, TOPIC)])
    finally:
        await admin.close()
    policies = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    assert policies["cleanup.policy"] == "compact"
