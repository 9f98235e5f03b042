"""Conexões itself, as it is run: an agents process and an admin process."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from bench.child import check, python
from bench.contestants import AGENTS
from bench.system import System
from broker.settings import BrokerSettings
from embedded.ports import free_port

KEY = "bench-key-of-this-run"
_START_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Product:
    """The running product: its address and its processes."""

    http: str
    agents_pid: int
    admin_pid: int


@asynccontextmanager
async def running(system: System, database_url: str, broker: BrokerSettings) -> AsyncIterator[Product]:
    """The product for the time of the block: the agents have their partitions, the admin app answers."""
    own = system.directory / uuid.uuid4().hex
    own.mkdir()
    port = free_port()
    environment = {
        "CONEXOES_KAFKA_BOOTSTRAP_SERVERS": system.kafka,
        "CONEXOES_DATABASE_URL": database_url,
        "CONEXOES_TOPIC_PREFIX": broker.topic_prefix,
        "CONEXOES_DATA_DIR": str(own),
        "CONEXOES_HTTP_PORT": str(port),
        "CONEXOES_BOOTSTRAP_KEY": KEY,
        "CONEXOES_EVENTS_PER_SECOND": "1000000",
    }
    logs = [own.with_suffix(".agents.log"), own.with_suffix(".admin.log")]
    async with AsyncExitStack() as stack:
        agents = await stack.enter_async_context(python(AGENTS, environment, logs[0]))
        admin = await stack.enter_async_context(python(("-m", "cli", "admin"), environment, logs[1]))
        http = f"http://127.0.0.1:{port}"
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while not ("ready" in logs[0].read_text("utf-8") and await _answers(f"{http}/readyz")):
            for process, log in zip((agents, admin), logs, strict=True):
                check(process, log)
            if asyncio.get_running_loop().time() > deadline:
                raise TimeoutError(f"not ready in {_START_SECONDS:g} s; see {logs[0]}")
            await asyncio.sleep(0.1)
        yield Product(http=http, agents_pid=agents.pid, admin_pid=admin.pid)


async def _answers(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
