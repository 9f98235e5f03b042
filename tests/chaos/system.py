"""A system to be hurt: real servers, and real processes on machines of their own, each of which can be lost."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from broker.settings import BrokerSettings
from broker.topics import create_topics
from embedded.ports import LOOPBACK, free_port
from schemas.catalogue import CATALOGUE
from storage.migrate import migrate
from tests.chaos.broker import Broker
from tests.chaos.machine import Machine, machine
from tests.chaos.postgres import Copy, Postgres
from tests.chaos.slot import Slot
from tests.support.proxy import through

RETENTION_DAYS = 90
#: Seconds after which a retry without an answer is silent: soon, so that each item has its end.
DEADLINE_SECONDS = 45
BOOTSTRAP_KEY = "a key for chaos and nothing else"
#: Ceiling of a decompressed batch, so that a bomb is not large on the wire in any codec.
MAX_BATCH_BYTES = 16 * 1024 * 1024
_SUPERVISE_SECONDS = 0.25


class System:
    """Two servers and some workers, in one directory; with `web` an `admin` and an `api` process too.

    Worker n is on machine n. Those of the pages share the last one.
    """

    def __init__(self, directory: Path, workers: int, *, web: bool = False) -> None:
        self.directory = directory
        self._count = workers
        self._web = web
        self._stack = AsyncExitStack()
        self._supervising: asyncio.Task[None] | None = None
        self.kafka = Broker(directory / "kafka", workers + 1)
        self.postgres = Postgres(directory)
        self.machines: list[Machine] = []
        self.workers: list[Slot] = []
        self.web: dict[str, Slot] = {}
        self.web_urls: dict[str, str] = {}
        #: Spans of time (monotonic) whose writes a database lost, when another one took its place.
        self.lost_spans: list[tuple[float, float]] = []

    @property
    def broker(self) -> BrokerSettings:
        return BrokerSettings(kafka_bootstrap_servers=self.kafka.servers)

    @property
    def url(self) -> str:
        return self.postgres.url

    @property
    def slots(self) -> Iterator[Slot]:
        yield from self.workers
        yield from self.web.values()

    async def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.machines = [await self._stack.enter_async_context(machine()) for _ in range(self._count + 1)]
        await self.postgres.start()
        self._lead_to_postgres()
        await self.start_kafka()
        await migrate(self.url, RETENTION_DAYS)
        self.workers = [self._worker(number) for number in range(self._count)]
        if self._web:
            self.web = {name: self._page(name) for name in ("admin", "api")}
        for slot in self.slots:
            await slot.start()

    async def stop(self) -> None:
        if self._supervising is not None:
            self._supervising.cancel()
        for slot in self.slots:
            await slot.end()
        await self.kafka.stop()
        await self.postgres.stop()
        await self._stack.aclose()

    def supervise(self) -> None:
        """Start what ends by itself again, from now on."""

        async def forever() -> None:
            while True:
                for slot in self.slots:
                    await slot.supervise()
                await asyncio.sleep(_SUPERVISE_SECONDS)

        self._supervising = asyncio.create_task(forever())

    async def kill_workers(self) -> None:
        for slot in self.workers:
            await slot.end()

    async def start_workers(self) -> None:
        for slot in self.workers:
            await slot.start()

    async def start_kafka(self) -> None:
        """Start Kafka, and make the topics that are missing."""
        await self.kafka.start([each.kafka.port for each in self.machines])
        for each, port in zip(self.machines, self.kafka.ports, strict=True):
            each.kafka.server = (LOOPBACK, port)
        await create_topics(self.kafka.servers, self.broker)

    async def fail_over(self, copy: Copy, since: float) -> None:
        """Lose the database; `copy`, which has nothing of what was written after `since`, takes its place."""
        await self.postgres.replace(copy)
        self._lead_to_postgres()
        self.lost_spans.append((since, asyncio.get_running_loop().time()))

    async def owner(self) -> asyncpg.Connection:
        return await self.postgres.connect()

    def _lead_to_postgres(self) -> None:
        parts = urlsplit(self.url)
        for each in self.machines:
            each.postgres.server = (parts.hostname or LOOPBACK, parts.port or 5432)
            each.postgres.cut()

    def _worker(self, number: int) -> Slot:
        settings = {**self._servers(number), "WORKER_ID": f"chaos-{number}", "MAX_BATCH_BYTES": str(MAX_BATCH_BYTES)}
        # Every other one stores by staging whatever has a few results: a batch of this load is seldom large.
        module = "tests.chaos.staging_agents" if number % 2 else "cli"
        return Slot(f"worker-{number}", "agents", self.directory, settings, module=module)

    def _page(self, name: str) -> Slot:
        port = free_port()
        self.web_urls[name] = f"http://{LOOPBACK}:{port}"
        settings = {**self._servers(self._count), "HTTP_PORT": str(port), "BOOTSTRAP_KEY": BOOTSTRAP_KEY}
        return Slot(name, name, self.directory, settings)

    def _servers(self, machine: int) -> dict[str, str]:
        ways = self.machines[machine]
        deadlines = {each.name: {"*": {"deadline_seconds": DEADLINE_SECONDS}} for each in CATALOGUE}
        return {
            "KAFKA_BOOTSTRAP_SERVERS": f"{LOOPBACK}:{ways.kafka.port}",
            "DATABASE_URL": through(ways.postgres, self.url),
            "POLICY": json.dumps(deadlines),
        }
