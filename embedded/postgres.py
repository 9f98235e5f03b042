"""One PostgreSQL server as a child process. Its data stay between starts."""

import asyncio
import signal
from pathlib import Path

import asyncpg
import psutil

from embedded.errors import EmbeddedError, ended_at_start, ended_running, not_ready
from embedded.leftovers import stop_leftovers
from embedded.ports import LOOPBACK, remembered_port
from embedded.postgres_config import postgresql_conf
from embedded.postgres_directory import SUPERUSER, PostgresDirectory
from embedded.postgres_install import find_postgres, let_enter, let_run, server_user
from embedded.process import Command, stop
from embedded.server_log import start_log

DATABASE = "conexoes"
# Typically 0.3. After a crash the log is replayed first, up to max_wal_size of it; stopping that would only repeat it.
START_SECONDS = 300.0
CONNECT_SECONDS = 5.0
STOP_SECONDS = 60.0  # the shutdown checkpoint writes what shared_buffers hold
QUIT_SECONDS = 5.0
POLL_SECONDS = 0.03
# Nobody listens yet, or the server is starting, recovering or ending.
NOT_YET = (OSError, TimeoutError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError)


class EmbeddedPostgres:
    """A server on a free loopback port, with its data in `data_dir`/postgres and its log in logs/postgres.log.

    The superuser's password is made at the first start and kept in `data_dir`/postgres.password; nobody logs in
    without it. The port stays the same from start to start as long as it is free.
    The caller holds the lock of `data_dir` (EmbeddedSystem does): a server found running there is taken for a leftover.
    `durable=False` is for tests: the data survive the server's death, but not the machine's.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self._data_dir = data_dir.resolve()
        self._log = self._data_dir / "logs" / "postgres.log"
        self._durable = durable
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The main server process while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> str:
        """Start the server, make the database `conexoes` when missing, and return its URL, password included.

        Raises EmbeddedError: no programs, data broken or of another major version, no answer in time, or exit.
        No process is left behind unless this returns, not even after a cancellation.
        """
        try:
            command, password = await self._prepare()
        except OSError as error:
            raise EmbeddedError(f"The data directory {self._data_dir} can't be used: {error}.") from error
        try:
            self._process = await command.spawn(dies_with_us_by=signal.SIGINT)
            await self._until_ready(self._process, password)
        except BaseException:
            await self.stop()
            raise
        return self._url(DATABASE, password)

    async def stop(self) -> None:
        """Close every connection, write a checkpoint and end ("fast"); by force after STOP_SECONDS. Safe to repeat."""
        if self._process is not None:
            await stop(self._process, (signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, QUIT_SECONDS))

    async def ended(self) -> EmbeddedError:
        """Wait until the server ends, and return a sentence about it.

        Call it only after `start`; a `stop` ends the wait too.
        """
        if self._process is None:
            raise RuntimeError("not started")
        code = await self._process.wait()
        return ended_running("The embedded PostgreSQL", code, self._log)

    async def _prepare(self) -> tuple[Command, str]:
        """Do all that comes before the start. Returns the command to start, and the superuser's password."""
        programs, user = find_postgres(), server_user()
        start_log(self._log)
        directory = PostgresDirectory(self._data_dir, self._log, user)
        if user is not None:
            let_enter(directory.home)
            let_run(programs)
        await directory.prepare(programs, durable=self._durable)
        await stop_leftovers("postgres", directory.home, signal.SIGINT, seconds=STOP_SECONDS)
        directory.forget_stranger()
        self._port = remembered_port(self._data_dir / "postgres.port")
        conf = postgresql_conf(
            port=self._port,
            memory_bytes=psutil.virtual_memory().total,
            disk=directory.disk(),
            durable=self._durable,
        )
        directory.write_conf(conf)
        argv = [str(programs.postgres), "-D", str(directory.home)]
        return Command(argv=argv, directory=directory.home, log=self._log, user=user), directory.password()

    async def _until_ready(self, process: asyncio.subprocess.Process, password: str) -> None:
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await self._has_database(password):
            if process.returncode is not None:
                raise ended_at_start("The embedded PostgreSQL", self._log)
            if asyncio.get_running_loop().time() > deadline:
                raise not_ready("The embedded PostgreSQL", START_SECONDS, self._log)
            await asyncio.sleep(POLL_SECONDS)

    async def _has_database(self, password: str) -> bool:
        """Connect, and make the database when it is missing.

        False while the server is not ready. Raises EmbeddedError.
        """
        try:
            connection = await asyncpg.connect(self._url("postgres", password), timeout=CONNECT_SECONDS)
        except NOT_YET:
            return False
        except asyncpg.InvalidPasswordError as error:
            raise EmbeddedError(f"The password in {self._data_dir} is not that of its database.") from error
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f'CREATE DATABASE "{DATABASE}"')
        finally:
            await connection.close()
        return True

    def _url(self, database: str, password: str) -> str:
        return f"postgresql://{SUPERUSER}:{password}@{LOOPBACK}:{self._port}/{database}"
