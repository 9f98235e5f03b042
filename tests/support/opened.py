"""A database in one role, for a while."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.database import Database, Role
from storage.settings import StorageSettings


@asynccontextmanager
async def opened(url: str, role: Role) -> AsyncIterator[Database]:
    """Closed when the block ends, however it ends."""
    database = Database(url, role, StorageSettings(database_url=url))
    try:
        yield database
    finally:
        await database.close()
