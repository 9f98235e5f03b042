"""The API keeps what its OpenAPI document says, whatever is asked: generated requests against a served admin app."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from broker.settings import BrokerSettings
from embedded.ports import free_port
from storage.settings import StorageSettings
from tests.support.agents import produce, running_worker, stored
from tests.support.events import result
from tests.support.processes import conexoes
from tests.support.waiting import eventually

KEY = "cnx_openapi_" + uuid.uuid4().hex
REQUESTS_PER_OPERATION = 25


@pytest.fixture
async def address(
    broker_settings: BrokerSettings,
    storage_settings: StorageSettings,
    database_url: str,
    data_dir: Path,
    owner: Any,
) -> AsyncIterator[str]:
    """An admin app with a few logs of the account `demo`."""
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with running_worker(broker_settings, storage_settings, data_dir):
        await produce(servers, prefix, [result(f"e{n}", account="demo", key=f"SKU-{n}") for n in range(20)])
        await stored(owner, 20)
    port = free_port()
    options = {
        "KAFKA_BOOTSTRAP_SERVERS": servers,
        "TOPIC_PREFIX": prefix,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(data_dir),
        "HTTP_PORT": str(port),
        "BOOTSTRAP_KEY": KEY,
    }
    async with conexoes("admin", log=data_dir / "admin.log", **options), httpx.AsyncClient() as client:

        async def answers() -> bool:
            try:
                return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(answers)
        yield f"http://127.0.0.1:{port}"


async def test_every_operation_answers_as_its_document_says(address: str) -> None:
    schema = await asyncio.to_thread(schemathesis.openapi.from_url, f"{address}/openapi.json")
    tried = []

    def fuzz() -> None:
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            tried.append(operation.label)

            @settings(
                max_examples=REQUESTS_PER_OPERATION,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy())
            def ask(case: Any) -> None:
                answer = case.call(headers={"Authorization": f"Bearer {KEY}"})
                assert answer.status_code < 500, (case.formatted_path, answer.status_code, answer.text)
                case.validate_response(answer, checks=[schemathesis.checks.not_a_server_error], excluded_checks=[])
                if answer.status_code == 204:
                    assert answer.content == b""
                    return
                kind = answer.headers["content-type"][0].partition(";")[0]
                answers = case.operation.definition.raw["responses"].get(str(answer.status_code), {})
                said = answers.get("content", {}) if answer.status_code < 300 else {"application/problem+json"}
                assert kind in said

            ask()

    await asyncio.to_thread(fuzz)
    assert len(tried) >= 9
