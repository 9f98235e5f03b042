"""A stable name for this process: its successor has it again, and Kafka gives it the same partitions at once.

Two processes of one name throw each other out of the group for ever, and Kafka tells neither of them. PostgreSQL does:
the one that came last has the name, and the other ends.
"""

import asyncio
import fcntl
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from itertools import count
from pathlib import Path

import structlog

from agents.metrics import IngestWork
from agents.process import crash
from agents.process.availability import until_available
from storage.database import Database
from storage.errors import StorageError
from storage.workers import keep_worker_id, leave_worker_id, take_worker_id

#: Between two looks for a process that has the same id.
EVERY_SECONDS = 5.0
#: An orderly end waits no longer for PostgreSQL.
LEAVE_SECONDS = 1.0

log = structlog.get_logger(__name__)


@contextmanager
def claim_worker_id(given: str | None, data_dir: Path) -> Iterator[str]:
    """`given`, or the names of host and data directory with the lowest slot that no running process of them has.

    The directory is part of the name: two processes of one name would throw each other out of the group for ever.
    The kernel frees a slot when its process ends, however it ends.
    """
    if given is not None:
        yield given
        return
    slots = data_dir / "workers"
    slots.mkdir(parents=True, exist_ok=True)
    for slot in count(1):
        with (slots / f"{slot}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            directory = blake2b(str(data_dir.resolve()).encode(), digest_size=4).hexdigest()
            yield f"{socket.gethostname()}-{directory}-{slot}"
            return


class WorkerId:
    """Makes this process the only one of its id."""

    def __init__(self, database: Database, worker_id: str) -> None:
        self._database = database
        self._self = (worker_id, uuid.uuid4(), socket.gethostname(), 2 * EVERY_SECONDS)

    async def take(self) -> None:
        """Have the id from now on; another process that has it will end within seconds. Raises StorageUnavailable."""
        async with self._database.transaction() as connection:
            host = await take_worker_id(connection, *self._self)
        if host is not None:
            log.warning("another process had this worker id a moment ago; if it still runs, it ends now", host=host)

    async def run(self) -> None:
        """Look until cancelled whether another process has taken the id: then end this one."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            host = await until_available(IngestWork.WORKER_ID, self._keep)
            if host is not None:
                log.critical("another process has this worker id (CONEXOES_WORKER_ID); this one ends", host=host)
                crash.die("worker id taken")

    async def _keep(self) -> str | None:
        async with self._database.transaction() as connection:
            return await keep_worker_id(connection, *self._self)

    async def leave(self) -> None:
        """Say that this process has ended in order, when PostgreSQL is there to hear it."""
        with suppress(StorageError, TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS), self._database.transaction() as connection:
                await leave_worker_id(connection, *self._self[:2])
