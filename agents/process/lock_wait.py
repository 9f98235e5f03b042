"""Says whose locks a statement waits for, while it waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from broker.outage import Outages
from storage.database import Connection, Database
from storage.errors import StorageUnavailable
from storage.locks import blockers

#: Between two looks at a statement that is under way. A batch takes far less, so most are never looked at.
EVERY_SECONDS = 3.0

#: State of all work of the process: one line when it begins to wait, one a minute, one at the end.
_outages = Outages(structlog.get_logger(__name__))


@asynccontextmanager
async def saying_blockers(work: str, database: Database, connection: Connection) -> AsyncIterator[None]:
    """Log who keeps `connection` from a lock while the block runs; `work` names it in the log.

    It changes nothing about how the block ends: where nobody can be asked, nothing is said.
    """
    watch = asyncio.create_task(_watch(work, database, connection.get_server_pid()))
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.wait({watch})
        _outages.worked(work)


async def _watch(work: str, database: Database, pid: int) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        with suppress(StorageUnavailable):
            if found := await blockers(database, pid):
                _outages.failed(work, f"a lock: {'; '.join(map(str, found))}")
