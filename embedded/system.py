"""Kafka and PostgreSQL together on one data directory, started at the same time, stopped in order."""

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from embedded import run_file
from embedded.errors import EmbeddedError
from embedded.kafka import EmbeddedKafka
from embedded.lock import DirectoryLock
from embedded.postgres import EmbeddedPostgres
from embedded.run_file import RunningSystem


class EmbeddedSystem:
    """A context manager. Inside, the wanted servers answer; outside, they are stopped and their data stay.

    Enter and leave it in the main thread: on Linux the servers are told to end when the thread that started them does.
    """

    def __init__(
        self, data_dir: Path, *, kafka_port: int, kafka: bool = True, postgres: bool = True, durable: bool = True
    ) -> None:
        """`data_dir` is made when missing. `durable=False` is for tests, see EmbeddedPostgres."""
        self._data_dir = data_dir.resolve()
        self._kafka = EmbeddedKafka(self._data_dir, kafka_port) if kafka else None
        self._postgres = EmbeddedPostgres(self._data_dir, durable=durable) if postgres else None
        self._running = RunningSystem()
        self._stack = AsyncExitStack()

    @property
    def kafka_bootstrap_servers(self) -> str:
        """Kafka's address. Valid only inside the `async with`, and only if Kafka was wanted."""
        if self._running.kafka is None:
            raise RuntimeError("no embedded Kafka runs")
        return self._running.kafka

    @property
    def database_url(self) -> str:
        """The URL with the superuser's password.

        Valid only inside the `async with`, and only if PostgreSQL was wanted.
        """
        if self._running.database is None:
            raise RuntimeError("no embedded PostgreSQL runs")
        return self._running.database

    async def __aenter__(self) -> Self:
        """Start the servers.

        Raises EmbeddedError if the directory is in use or unusable, or one can't start; then none runs.
        """
        async with AsyncExitStack() as stack:
            self._own_directory(stack)
            if self._postgres is not None:
                stack.push_async_callback(self._postgres.stop)
            if self._kafka is not None:
                stack.push_async_callback(self._kafka.stop)
            await self._start()
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop Kafka, then PostgreSQL, then unlock the directory; no failure skips the next step."""
        await self._stack.aclose()

    def publish(self, **addresses: str) -> None:
        """Write further addresses of RunningSystem for other terminals, e.g. `publish(http="…")`."""
        self._running = replace(self._running, **addresses)  # type: ignore[arg-type]
        run_file.write(self._data_dir, self._running)

    async def ended(self) -> EmbeddedError:
        """Wait until a server ends by itself; return a sentence that names it. The owner should then stop the rest."""
        servers = [server for server in (self._kafka, self._postgres) if server is not None]
        waits = [asyncio.create_task(server.ended()) for server in servers]
        waits = waits or [asyncio.create_task(_never())]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return done.pop().result()
        finally:
            for wait in waits:
                wait.cancel()

    def _own_directory(self, stack: AsyncExitStack) -> None:
        refusal = (
            f"Another conexoes is already running on {self._data_dir}: stop it first, "
            "or set CONEXOES_DATA_DIR to another directory."
        )
        try:
            # Other users may pass through: root starts PostgreSQL as another user. Each file inside is closed to
            # others.
            self._data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
            stack.enter_context(DirectoryLock(run_file.lock_path(self._data_dir), refusal=refusal))
        except OSError as error:
            raise EmbeddedError(
                f"The data directory {self._data_dir} can't be used: {error}. Repair it, or set CONEXOES_DATA_DIR."
            ) from error
        run_file.remove(self._data_dir)
        stack.callback(run_file.remove, self._data_dir)

    async def _start(self) -> None:
        # Wait for every start, failed ones too: when this returns or raises, none is half done.
        kafka, database = await asyncio.gather(
            self._kafka.start() if self._kafka is not None else _nothing(),
            self._postgres.start() if self._postgres is not None else _nothing(),
            return_exceptions=True,
        )
        if isinstance(kafka, BaseException):
            raise kafka
        if isinstance(database, BaseException):
            raise database
        pids = {"system": os.getpid()}
        if self._kafka is not None and self._kafka.pid is not None:
            pids["kafka"] = self._kafka.pid
        if self._postgres is not None and self._postgres.pid is not None:
            pids["postgres"] = self._postgres.pid
        self._running = RunningSystem(kafka=kafka, database=database, pids=pids)
        run_file.write(self._data_dir, self._running)


async def _nothing() -> None:
    return None


async def _never() -> EmbeddedError:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")
