"""Real copies of the tests' PostgreSQL: a streaming standby, and a server of its own that decodes its log."""

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from embedded.ports import LOOPBACK, free_port
from embedded.postgres_install import find_postgres, server_user
from embedded.process import Command, stop
from tests.support.waiting import eventually

_COPY_SECONDS = 240.0


@asynccontextmanager
async def standby_of(url: str) -> AsyncIterator[str]:
    """`host:port` of a standby of the server of `url`, with its databases and logins, up to the end of the block."""
    async with _copy_of(url, "-R") as host:
        yield host


@asynccontextmanager
async def decoding_copy_of(url: str) -> AsyncIterator[str]:
    """`host:port` of a server with the same databases and logins, and wal_level=logical, up to the end of the block."""
    async with _copy_of(url, settings=("-c", "wal_level=logical")) as host:
        yield host


@asynccontextmanager
async def _copy_of(url: str, *options: str, settings: Sequence[str] = ()) -> AsyncIterator[str]:
    programs, user = find_postgres(), server_user()
    with tempfile.TemporaryDirectory(prefix="conexoes-standby-") as temporary:
        home, log, port = Path(temporary, "data"), Path(temporary, "log"), free_port()
        if user is not None:
            os.chown(temporary, user.uid, user.gid)
        program = str(programs.directory / "pg_basebackup")
        copy = [program, "-D", str(home), *options, "-X", "stream", "-c", "fast", "-d", url]
        command = Command(argv=copy, directory=Path(temporary), log=log, user=user)
        assert await command.run(seconds=_COPY_SECONDS) == 0, log.read_text("utf-8")
        serve = [str(programs.postgres), "-D", str(home), "-c", f"port={port}", "-c", "shared_buffers=32MB", *settings]
        command = Command(argv=serve, directory=Path(temporary), log=log, user=user)
        process = await command.spawn(dies_with_us_by=signal.SIGINT)
        try:
            await eventually(lambda: _answers(process, moved(url, f"{LOOPBACK}:{port}"), log))
            yield f"{LOOPBACK}:{port}"
        finally:
            await stop(process, (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))


def moved(url: str, host: str) -> str:
    """Return the address of the same login and database on another server."""
    login, _, rest = url.rpartition("@")
    return f"{login}@{host}/{rest.partition('/')[2]}"


async def _answers(process: asyncio.subprocess.Process, url: str, log: Path) -> bool:
    assert process.returncode is None, log.read_text("utf-8")
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (asyncpg.CannotConnectNowError, OSError, TimeoutError):
        return False
    await connection.close()
    return True
