"""A system to be hurt: real servers and real workers, each of which can be killed and started again."""

import os
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path

import asyncpg

from broker.settings import BrokerSettings
from broker.topics import create_topics
from embedded.kafka import EmbeddedKafka
from embedded.ports import free_port
from embedded.postgres import EmbeddedPostgres
from storage.migrate import migrate
from tests.support.processes import start


class System:
    """Two servers and some workers, on one directory. PostgreSQL is durable here: it will be killed."""

    def __init__(self, directory: Path, workers: int) -> None:
        self._directory = directory
        self._count = workers
        self._kafka = EmbeddedKafka(directory, free_port())
        self._postgres = EmbeddedPostgres(directory, durable=True)
        self.broker = BrokerSettings()
        self.url = ""
        self.workers: list[Process] = []

    async def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self.url = await self._postgres.start()
        self.broker = BrokerSettings(kafka_bootstrap_servers=await self._kafka.start())
        await migrate(self.url, 90)
        await create_topics(str(self.broker.kafka_bootstrap_servers), self.broker)
        self.workers = [await self._worker(number) for number in range(self._count)]

    async def stop(self) -> None:
        for worker in self.workers:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
        await self._kafka.stop()
        await self._postgres.stop()

    async def kill_workers(self) -> None:
        for worker in self.workers:
            worker.kill()
            await worker.wait()

    async def restart_worker(self, number: int) -> None:
        """Restart a worker as a supervisor does: after the old one has ended."""
        await self.workers[number].wait()
        self.workers[number] = await self._worker(number)

    async def revive_workers(self) -> int:
        """Start those that have ended by themselves. Returns how many."""
        dead = [number for number, worker in enumerate(self.workers) if worker.returncode is not None]
        for number in dead:
            sys.stderr.write(f"worker {number} ended with {self.workers[number].returncode}\n")
            self.workers[number] = await self._worker(number)
        return len(dead)

    async def kill_postgres(self) -> None:
        _kill(self._postgres.pid)

    async def start_postgres(self) -> None:
        await self._postgres.stop()  # whatever is left of it
        await self._postgres.start()

    async def kill_kafka(self) -> None:
        _kill(self._kafka.pid)

    async def start_kafka(self) -> None:
        await self._kafka.stop()
        await self._kafka.start()

    async def owner(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.url, server_settings={"search_path": "conexoes"})

    async def _worker(self, number: int) -> Process:
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": str(self.broker.kafka_bootstrap_servers),
            "DATABASE_URL": self.url,
            "DATA_DIR": str(self._directory),
            "WORKER_ID": f"chaos-{number}",
        }
        return await start("agents", log=self._directory / f"worker-{number}.log", settings=settings)


def _kill(pid: int | None) -> None:
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
