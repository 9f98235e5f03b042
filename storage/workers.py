"""Worker ids, each held by the agents process that took it last, as in Kafka."""

import uuid

from storage.database import Connection
from storage.statements import SQL


async def take_worker_id(
    connection: Connection, worker: str, process: uuid.UUID, host: str, seen_seconds: float
) -> str | None:
    """Give `worker` to `process`. Returns the host of a process that had it within the last `seen_seconds`."""
    before: str | None = await SQL["take_worker_id"].fetchval(
        connection, worker=worker, process=process, host=host, seconds=seen_seconds
    )
    return before


async def keep_worker_id(
    connection: Connection, worker: str, process: uuid.UUID, host: str, seen_seconds: float
) -> str | None:
    """Renew the id `worker` of `process`. Returns the host of the process that has taken the id from it."""
    other: str | None = await SQL["keep_worker_id"].fetchval(
        connection, worker=worker, process=process, host=host, seconds=seen_seconds
    )
    return other


async def leave_worker_id(connection: Connection, worker: str, process: uuid.UUID) -> None:
    """Release the id of a `process` that ends in order."""
    await SQL["leave_worker_id"].execute(connection, worker=worker, process=process)
