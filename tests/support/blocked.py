"""Waiting until somebody waits for a lock."""

from storage.database import Connection, Database
from tests.support.waiting import eventually


async def until_waited_for(blocker: Connection, asking: Database) -> None:
    """Wait until another session waits for `blocker`. It is asked elsewhere: in a transaction activity stands still."""
    pid = await blocker.fetchval("SELECT pg_backend_pid()")

    async def waited_for() -> bool:
        found = "SELECT count(*) > 0 FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
        async with asking.connection() as connection:
            return bool(await connection.fetchval(found, pid))

    await eventually(waited_for)
