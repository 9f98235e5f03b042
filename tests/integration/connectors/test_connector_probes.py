"""Connectors that we run say how they are, as every process of the image does."""

import base64
import signal
from pathlib import Path

import httpx
import pytest

from broker.settings import BrokerSettings
from embedded.ports import free_port
from tests.support.processes import conexoes, end
from tests.support.proxy import proxied
from tests.support.served import until_alive
from tests.support.waiting import eventually

OTHER_SIDE = ("--url", "https://connector.example/x", "--source", "/connectors/mlb")
SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
COMMANDS = {
    "webhook": ("bridge", "webhook", *OTHER_SIDE),
    "vtex-logs": ("bridge", "vtex-logs", *OTHER_SIDE, "--account", "acme", "--affiliate", "MLB"),
    "simulate": ("simulate", "--rate", "1"),
}


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_connector_of_ours_is_ready_while_kafka_lets_it_in(
    broker_settings: BrokerSettings, tmp_path: Path, name: str
) -> None:
    port = free_port()
    async with proxied(f"kafka://{broker_settings.kafka_bootstrap_servers}") as (proxy, _url):
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": proxy.address,
            "TOPIC_PREFIX": broker_settings.topic_prefix,
            "DATA_DIR": str(tmp_path),
            "METRICS_PORT": str(port),
            "WEBHOOK_SECRET": SECRET,
        }
        async with (
            conexoes(*COMMANDS[name], log=tmp_path / "log", **settings) as process,
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
        ):
            await until_alive(client)

            async def ready() -> bool:
                return (await client.get("/readyz")).status_code == 200

            async def refused() -> bool:
                answer = await client.get("/readyz")
                return answer.status_code == 503 and "Kafka does not let us in" in answer.text

            await eventually(ready)
            text = (await client.get("/metrics")).text
            assert "conexoes_build_info" in text
            assert "process_resident_memory_bytes" in text
            proxy.mode = "refuse"
            await eventually(refused)
            proxy.mode = "pass"
            await eventually(ready)
            assert await end(process, signal.SIGTERM) == 0
