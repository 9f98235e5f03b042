"""Metrics and health of each process, for Prometheus and an orchestrator, on the address that was set for it."""

import asyncio
import re
import signal
from pathlib import Path

import asyncpg
import httpx
import pytest

from broker.settings import BrokerSettings
from cli.documents.metrics_page import names
from cli.version import version
from embedded.ports import free_ports
from tests.support.agents import produce, stored
from tests.support.events import raw, result
from tests.support.processes import conexoes, end
from tests.support.served import until_alive
from tests.support.waiting import eventually


def samples(text: str, name: str) -> dict[str, float]:
    """Values of one metric by its labels, as written."""
    found = re.findall(rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


async def test_agents_are_seen_from_outside(
    broker_settings: BrokerSettings, database_url: str, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    port, _other = free_ports(2)
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": str(broker_settings.kafka_bootstrap_servers),
        "TOPIC_PREFIX": broker_settings.topic_prefix,
        "DATABASE_URL": database_url,
        "DATA_DIR": str(tmp_path),
        "METRICS_HOST": "127.0.0.2",
        "METRICS_PORT": str(port),
    }
    async with (
        conexoes("agents", log=tmp_path / "log", **settings) as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.2:{port}", timeout=20) as client,
    ):
        await until_alive(client)

        async def ready() -> bool:
            return (await client.get("/readyz")).status_code == 200

        await eventually(ready)
        events = [result(f"e{n}", key=f"SKU-{n}") for n in range(20)]
        await produce(settings["KAFKA_BOOTSTRAP_SERVERS"], broker_settings.topic_prefix, [*events, raw(b"{")])
        await stored(owner, 20)

        async def measured() -> str | None:
            text = (await client.get("/metrics")).text
            lag, until = samples(text, "conexoes_lag_records"), samples(text, "conexoes_stored_until_timestamp_seconds")
            return text if sum(lag.values()) == 0 and until and samples(text, "conexoes_backlog") else None

        text = await eventually(measured)
        assert text is not None
        assert samples(text, "conexoes_dead_letters_total") == {'code="json"': 1}
        assert samples(text, "conexoes_build_info") == {f'version="{version()}"': 1}
        whats = ("queued", "awaited", "uncompacted", "unpublished")
        assert set(samples(text, "conexoes_backlog")) == {f'what="{each}"' for each in whats}
        assert samples(text, "conexoes_pool_connections")['role="writer"'] >= 1
        assert samples(text, "process_resident_memory_bytes")
        await owner.execute("DROP TABLE public._pogo_migration")

        async def refused() -> bool:
            answer = await client.get("/readyz")
            return answer.status_code == 503 and "conexoes migrate" in answer.text

        await eventually(refused)
        assert await end(process, signal.SIGTERM) == 0


async def test_agents_that_still_wait_live_and_are_not_ready(tmp_path: Path) -> None:
    [port] = free_ports(1)
    settings = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "DATABASE_URL": "postgresql://127.0.0.1:9/x"}
    settings |= {"DATA_DIR": str(tmp_path), "METRICS_PORT": str(port)}
    async with (
        conexoes("agents", log=tmp_path / "log", **settings),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client,
    ):
        await until_alive(client)
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "starting: the log says what is waited for\n")


@pytest.mark.parametrize("process", ["api", "admin"])
async def test_the_others_have_an_address_of_their_own_too(database_url: str, tmp_path: Path, process: str) -> None:
    http, own = free_ports(2)
    settings = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path)}
    settings |= {"HTTP_PORT": str(http), "METRICS_PORT": str(own)}
    async with (
        conexoes(process, log=tmp_path / "log", **settings),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{http}", timeout=20) as client,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{own}", timeout=20) as probe,
    ):
        await until_alive(client)
        await until_alive(probe)
        assert (await probe.get("/readyz")).status_code == 200
        assert (await probe.get("/api/v1/accounts/acme/price/logs")).status_code == 404
        for each in (client, probe):
            text = (await each.get("/metrics")).text
            found = {name for name in names() if name.startswith(("conexoes_build", "conexoes_pool", "conexoes_http"))}
            assert not [name for name in found if name not in text]
            assert "process_open_fds" in text


async def test_an_address_of_metrics_that_is_taken_names_the_setting(tmp_path: Path) -> None:
    async with await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0) as taken:
        port = taken.sockets[0].getsockname()[1]
        settings = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9", "DATABASE_URL": "postgresql://127.0.0.1:9/x"}
        settings |= {"DATA_DIR": str(tmp_path), "METRICS_PORT": str(port)}
        async with conexoes("agents", log=tmp_path / "log", **settings) as process:
            assert await asyncio.wait_for(process.wait(), 60) == 1
    [line] = (tmp_path / "log").read_text("utf-8").splitlines()
    assert line.endswith("set CONEXOES_METRICS_PORT.")
