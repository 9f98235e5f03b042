"""Faults, one after the other, in an order that follows from a seed."""

import asyncio
import os
import random
import signal
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import asyncpg


class Victims(Protocol):
    """The processes that the nemesis may kill or freeze."""

    workers: list[Process]

    async def restart_worker(self, number: int) -> None: ...
    async def kill_postgres(self) -> None: ...
    async def start_postgres(self) -> None: ...
    async def kill_kafka(self) -> None: ...
    async def start_kafka(self) -> None: ...
    async def owner(self) -> asyncpg.Connection: ...


class Nemesis:
    """Does one thing at a time, and heals it before the next."""

    def __init__(self, victims: Victims, seed: int, say: Callable[[str], None]) -> None:
        self._victims = victims
        self._random = random.Random(seed)
        self._say = say
        self.done: list[str] = []
        self._faults: dict[str, Callable[[], Awaitable[None]]] = {
            "kill -9 a worker": self._kill_worker,
            "SIGTERM a worker": self._terminate_worker,
            "SIGSTOP a worker, then SIGCONT": self._freeze_worker,
            "kill -9 PostgreSQL, start it again": self._kill_postgres,
            "end half of the database's connections": self._cut_connections,
            "kill -9 Kafka, start it again": self._kill_kafka,
        }

    async def torment(self, until: Callable[[], bool]) -> None:
        """Faults until `until()` says so; when it returns everything runs again."""
        while not until():
            await asyncio.sleep(self._random.uniform(1, 4))
            name = self._random.choice(list(self._faults))
            self._say(name)
            self.done.append(name)
            await self._faults[name]()

    def _worker(self) -> int:
        return self._random.randrange(len(self._victims.workers))

    async def _kill_worker(self) -> None:
        number = self._worker()
        with suppress(ProcessLookupError):
            self._victims.workers[number].kill()
        await self._victims.restart_worker(number)

    async def _terminate_worker(self) -> None:
        number = self._worker()
        with suppress(ProcessLookupError):
            self._victims.workers[number].terminate()
        await self._victims.restart_worker(number)

    async def _freeze_worker(self) -> None:
        pid = self._victims.workers[self._worker()].pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(self._random.uniform(1, 6))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    async def _kill_postgres(self) -> None:
        await self._victims.kill_postgres()
        await asyncio.sleep(self._random.uniform(0.5, 5))
        await self._victims.start_postgres()

    async def _kill_kafka(self) -> None:
        await self._victims.kill_kafka()
        await asyncio.sleep(self._random.uniform(0.5, 5))
        await self._victims.start_kafka()

    async def _cut_connections(self) -> None:
        owner = await self._victims.owner()
        for _ in range(10):
            await owner.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name LIKE 'conexoes-agents%' AND random() < 0.5"""
            )
            await asyncio.sleep(0.2)
        await owner.close()
