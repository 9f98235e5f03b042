"""The examples of docs/examples/, each as a process, beside a real Kafka: what a connector team copies must work."""

import asyncio
import base64
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from broker.settings import BrokerSettings
from cli.documents.__main__ import ROOT
from embedded.jars import kafka_classpath
from embedded.ports import free_port
from tests.integration.connectors.test_connector import read_back, send_retry
from tests.integration.connectors.test_webhook import bridged
from tests.support.agents import records
from tests.support.waiting import eventually

EXAMPLES = ROOT / "docs" / "examples"
SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"


@asynccontextmanager
async def running(*command: str | Path, **environment: str) -> AsyncIterator[None]:
    """A process that ends when it is asked to, with exit code 0 or by the signal."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env={**os.environ, **environment}, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield
        assert process.returncode is None, (await process.communicate())[1].decode()
    finally:
        if process.returncode is None:
            process.terminate()
        _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode in {0, -15, 143}, said.decode()


def javascript() -> list[str | Path]:
    assert (ROOT / "node_modules" / "kafkajs").exists(), "npm ci installs kafkajs"
    return ["node", EXAMPLES / "connector.mjs"]


def java() -> list[str | Path]:
    return ["java", "-cp", os.pathsep.join(map(str, kafka_classpath())), EXAMPLES / "Connector.java"]


#: Examples by affiliate, with the program without which they can't run. `make check` needs Node.js anyway.
CONNECTORS = {"JS": (javascript, "node"), "JAVA": (java, "javac")}
HERE = [affiliate for affiliate, (_command, needed) in CONNECTORS.items() if shutil.which(needed)]


@pytest.mark.parametrize("affiliate", HERE)
async def test_a_connector_emits_a_result_and_answers_the_retries_of_its_affiliate(
    affiliate: str, broker_settings: BrokerSettings
) -> None:
    command = CONNECTORS[affiliate][0]
    servers, prefix = str(broker_settings.kafka_bootstrap_servers), broker_settings.topic_prefix
    async with running(*command(), KAFKA=servers, CONEXOES_TOPIC_PREFIX=prefix):
        await send_retry(broker_settings, affiliate="OTHER")
        item = await send_retry(broker_settings, affiliate=affiliate, key="SKU 1/ü")
        found: list[Any] = [
            read_back(each) for each in await records(servers, broker_settings.topics.results("price"), 2)
        ]
    source = f"/connectors/{command.__name__}"
    assert {(each.account, each.affiliate, each.key, each.status, each.source) for each in found} == {
        ("demo", affiliate, "SKU-1", "error", source),
        ("acme", affiliate, "SKU 1/ü", "success", source),
    }
    [answer] = [each for each in found if each.correlation_id]
    assert (str(answer.correlation_id), answer.message) == (item, "price of SKU 1/ü sent again")


@asynccontextmanager
async def php(secret: str) -> AsyncIterator[str]:
    address = f"127.0.0.1:{free_port()}"
    async with running("php", "-S", address, EXAMPLES / "webhook.php", CONEXOES_WEBHOOK_SECRET=secret):

        async def answers() -> bool:
            async with httpx.AsyncClient() as client:
                try:
                    return bool((await client.get(f"http://{address}")).status_code == 401)
                except httpx.TransportError:
                    return False

        await eventually(answers)
        yield f"http://{address}"


PHP = [each for each in ("php",) if shutil.which(each)]


@pytest.mark.parametrize("_php", PHP)
async def test_a_webhook_in_php_answers_retries(_php: str, broker_settings: BrokerSettings) -> None:
    async with php(SECRET) as url, bridged(broker_settings, url, secret=SECRET):
        item = await send_retry(broker_settings, key="SKU 1/ü")
        [record] = await records(
            str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price"), 1
        )
    answer = read_back(record)
    assert (str(answer.correlation_id), answer.status) == (item, "success")
    assert answer.message == "price of SKU 1/ü sent again"


@pytest.mark.parametrize("_php", PHP)
async def test_a_webhook_in_php_refuses_what_is_signed_by_another(_php: str, broker_settings: BrokerSettings) -> None:
    other = f"whsec_{base64.b64encode(b'o' * 32).decode()}"
    async with php(other) as url, bridged(broker_settings, url, secret=SECRET):
        await send_retry(broker_settings)
        [record] = await records(
            str(broker_settings.kafka_bootstrap_servers), broker_settings.topics.results("price"), 1
        )
    answer = read_back(record)
    assert (answer.status, answer.code) == ("error", "webhook.http_401")
