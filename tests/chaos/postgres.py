"""The PostgreSQL of the system, whose place a restored backup or a standby takes."""

import os
import shutil
import signal
from pathlib import Path

import asyncpg
import psutil

from embedded.postgres import EmbeddedPostgres
from embedded.postgres_install import find_postgres, server_user
from embedded.process import Command

_COPY_SECONDS = 240.0
_SCHEMA = "conexoes"


class Copy:
    """A copy of a server, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.server = EmbeddedPostgres(directory, durable=True)
        self.url = ""

    async def start(self) -> None:
        self.url = await self.server.start()

    async def connect(self) -> asyncpg.Connection:
        """Connect as the owner, who sees every row."""
        return await asyncpg.connect(self.url, server_settings={"search_path": _SCHEMA}, timeout=30)


class Postgres:
    """One server at a time. It is durable: it will be killed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._copies = 0
        self._now = Copy(directory / "postgres-0")

    @property
    def url(self) -> str:
        return self._now.url

    async def start(self) -> None:
        """Start it, or start it again after it was killed."""
        await self._now.server.stop()  # whatever is left of it
        self._now.directory.mkdir(parents=True, exist_ok=True)
        await self._now.start()

    async def stop(self) -> None:
        self.signal(signal.SIGCONT)
        await self._now.server.stop()

    async def connect(self) -> asyncpg.Connection:
        return await self._now.connect()

    async def kill(self) -> None:
        """Kill the server as a crash does; its other processes end by themselves."""
        if (pid := self._now.server.pid) is not None:
            os.kill(pid, signal.SIGKILL)
        await self._now.server.stop()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of the server."""
        if (pid := self._now.server.pid) is None:
            return
        for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue

    async def copy(self, *, standby: bool = False) -> Copy:
        """A base backup of what runs; as a standby it follows from its start on."""
        self._copies += 1
        copy = Copy(self._directory / f"postgres-{self._copies}")
        copy.directory.mkdir()
        user = server_user()
        if user is not None:
            os.chown(copy.directory, user.uid, user.gid)
        program = str(find_postgres().directory / "pg_basebackup")
        argv = [program, "-D", str(copy.directory / "postgres"), "-X", "stream", "-c", "fast", "--no-sync"]
        argv += [*(["-R"] if standby else []), "-d", self.url]
        log = copy.directory / "copy.log"
        code = await Command(argv=argv, directory=copy.directory, log=log, user=user).run(seconds=_COPY_SECONDS)
        if code:
            raise RuntimeError(f"pg_basebackup ended with {code}: {log.read_text('utf-8')}")
        shutil.copy(self._now.directory / "postgres.password", copy.directory)
        return copy

    async def replace(self, copy: Copy) -> None:
        """Lose the server and its disk; from now on `copy`, which runs, is the one."""
        await self.kill()
        shutil.rmtree(self._now.directory)
        self._now = copy
