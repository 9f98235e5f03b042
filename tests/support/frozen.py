"""A PostgreSQL that hangs: all that serves one database is stopped, and what takes new connections too."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg


def _parent(pid: int) -> int:
    """The parent of a process; the name in its line may have any characters but ends at the last bracket."""
    return int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])


@asynccontextmanager
async def frozen(owner: asyncpg.Connection) -> AsyncIterator[None]:
    """Freeze the database of `owner` for the block: connections stay, new ones are taken, nothing answers."""
    serving = [
        row["pid"] for row in await owner.fetch("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
    ]
    pids = [_parent(serving[0]), *serving]
    try:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
