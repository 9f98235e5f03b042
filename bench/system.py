"""The servers of all measurements: the embedded ones, durable, as `conexoes up` runs them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from embedded.ports import free_port
from embedded.run_file import running
from embedded.system import EmbeddedSystem


@dataclass(frozen=True, kw_only=True)
class System:
    """The addresses of the servers, and a directory for the logs of measured processes."""

    kafka: str
    database_url: str
    kafka_pid: int
    postgres_pid: int
    huge_pages: bool  # PostgreSQL has its buffers in huge pages
    directory: Path


@asynccontextmanager
async def servers(home: Path, directory: Path) -> AsyncIterator[System]:
    """Kafka and PostgreSQL with their data in `home`, for the time of the block."""
    async with EmbeddedSystem(home, kafka_port=free_port()) as embedded:
        found = running(home)
        if found is None:
            raise RuntimeError("the servers that were started don't run")
        connection = await asyncpg.connect(embedded.database_url)
        status = await connection.fetchval("SHOW huge_pages_status")
        await connection.close()
        yield System(
            kafka=embedded.kafka_bootstrap_servers,
            database_url=embedded.database_url,
            kafka_pid=found.pids["kafka"],
            postgres_pid=found.pids["postgres"],
            huge_pages=status == "on",
            directory=directory,
        )
