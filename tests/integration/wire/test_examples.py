"""The connectors of docs/connector-examples.md, as a reader runs them."""

import asyncio
import base64
import json
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from broker.publisher import Publisher, Record
from broker.settings import BrokerSettings
from cli.documents.connector_examples import EXAMPLES
from connectors.webhook.bridge import bridge
from connectors.webhook.settings import WebhookSettings
from embedded.ports import free_port
from outbound.signature import Signer
from schemas import raw_json
from storage import access_keys
from storage.database import Database
from storage.logs.reader import LogReader
from storage.settings import StorageSettings
from tests.integration.wire.programs import running
from tests.support.agents import committed_by, log_ids, records, running_worker, send_command
from tests.support.debian import program
from tests.support.node import node
from tests.support.served import served
from tests.support.waiting import eventually

#: Command of each example on Kafka, by the name of its language.
ON_KAFKA: dict[str, Callable[[pytest.FixtureRequest], list[str]]] = {
    "JavaScript": lambda _request: [node(), str(EXAMPLES["JavaScript"])],
    "Java": lambda request: [*request.getfixturevalue("java"), EXAMPLES["Java"].stem],
    "Python": lambda _request: [sys.executable, "-m", "conexoes_connector.example"],
}


async def refused_is_shown_whole(reader: Database, log_id: Any) -> None:
    """Check that the failure of an example is stored as it says it."""
    found = await LogReader(reader, lambda *_: [], evidence=True).one("acme", "price", log_id)
    assert found is not None
    assert found.last_attempt is not None
    assert (found.log.status, found.log.code, found.log.errors) == ("error", "price.below_minimum", 2)
    shown = json.loads(raw_json.dump(found.last_attempt.model_dump()))
    assert [each.get("severity") for each in shown["errors"]] == [None, "warning"]
    assert (shown["request"], shown["response"]) == (
        {"sku": "SKU-2", "price": "9.90"},
        '{"status":400,"minimum":12.00}',
    )
    assert (shown["operation"], shown["message"]) == ("update-price", "The marketplace refused the price")
    assert (shown["altered"], shown["extra"]) == (False, {})


async def until_fixed(owner: asyncpg.Connection) -> None:
    async def fixed() -> bool:
        return bool(await owner.fetchval("SELECT state = 'fixed' FROM reprocess_items"))

    await eventually(fixed)


def test_every_example_is_run() -> None:
    assert {*ON_KAFKA, "PHP"} == set(EXAMPLES)


@pytest.mark.parametrize("language", ON_KAFKA)
async def test_an_example_emits_answers_each_retry_once_and_closes(
    language: str,
    request: pytest.FixtureRequest,
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    tmp_path: Path,
    owner: asyncpg.Connection,
    reader: Database,
) -> None:
    servers, topic = str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.retry("price")
    prefix, command = broker_settings.topic_prefix, ON_KAFKA[language](request)
    settings = {"KAFKA": servers, "CONEXOES_TOPIC_PREFIX": prefix, "ACCOUNT": "acme", "AFFILIATE": "MINE"}
    group = f"{prefix}-example-{language.lower()}"

    async def all_handled() -> bool:
        return await committed_by(group, broker_settings, topic) == 3

    async with (
        running_worker(broker_settings, storage_settings, data_dir),
        running(command, tmp_path / "log", **settings) as program,
    ):
        ids = await log_ids(owner, 2)
        await refused_is_shown_whole(reader, ids["SKU-2"])
        await send_command(broker_settings, "c1", [ids["SKU-2"]])
        await until_fixed(owner)
        [retry] = await records(servers, topic, 1)
        publisher = Publisher(servers)
        of_another = json.loads(retry.value)
        of_another["data"]["affiliate"] = "MLB"
        for value in (retry.value, json.dumps(of_another).encode()):
            await publisher.publish(Record(topic, retry.key, value, retry.headers))
        await publisher.close()
        await eventually(all_handled)
        await program.stop()
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 3
    statuses = await owner.fetch("SELECT key, status FROM status_logs ORDER BY key")
    assert [tuple(row) for row in statuses] == [("SKU-1", "success"), ("SKU-2", "success")]


@asynccontextmanager
async def bridged(broker: BrokerSettings, settings: WebhookSettings) -> AsyncIterator[None]:
    """The bridge to webhooks, stopped in order."""
    stop = asyncio.Event()
    task = asyncio.create_task(bridge(str(broker.kafka_bootstrap_servers), broker.topic_prefix, settings, stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def test_the_example_in_php_joins_without_kafka(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    data_dir: Path,
    tmp_path: Path,
    owner: asyncpg.Connection,
    owning: Database,
    reader: Database,
    kafka_app: FastAPI,
) -> None:
    command, source = [await program("php", "php-cli")], "/connectors/example-php"
    secret, here = f"whsec_{base64.b64encode(bytes(range(32))).decode()}", f"127.0.0.1:{free_port()}"
    key = await access_keys.create(owning, "acme", "connector", "php", source=source, affiliates=["MINE"])
    hook = WebhookSettings(
        webhook_url=f"http://{here}",
        webhook_source=source,
        webhook_secret=SecretStr(secret),
        webhook_types=("price",),
        webhook_allowed_networks=(IPv4Network("127.0.0.0/8"),),
    )
    answering = {"CONEXOES_WEBHOOK_SECRET": secret, "TMPDIR": str(tmp_path)}
    async with (
        running_worker(broker_settings, storage_settings, data_dir),
        served(kafka_app) as http,
        running([*command, "-S", here, str(EXAMPLES["PHP"])], tmp_path / "server.log", **answering),
        httpx.AsyncClient(base_url=f"http://{here}") as client,
    ):
        sending = {"KEY": key, "HTTP": http, "ACCOUNT": "acme", "AFFILIATE": "MINE"}
        async with running([*command, str(EXAMPLES["PHP"])], tmp_path / "log", **sending) as once:
            await once.end()
        ids = await log_ids(owner, 2)
        await refused_is_shown_whole(reader, ids["SKU-2"])

        async def unsigned() -> int:
            try:
                return (await client.post("/", content=b"{}")).status_code
            except httpx.TransportError:
                return 0  # not there yet

        assert await eventually(unsigned) == 401
        async with bridged(broker_settings, hook):
            await send_command(broker_settings, "c1", [ids["SKU-2"]])
            await until_fixed(owner)
        [retry] = await records(str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.retry("price"), 1)
        for value in (retry.value, retry.value.replace(b"SKU-2", b"SKU-3")):
            signed = Signer(secret).headers(json.loads(value)["id"], int(time.time()), value)
            again = await client.post("/", content=value, headers=signed)
            assert again.json() == {"status": "success", "message": "price of SKU-2 sent again"}
    assert await owner.fetchval("SELECT count(*) FROM received_results") == 3
