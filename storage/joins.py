"""Setting of how the statements of a batch join."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.database import Connection
from storage.statements import SQL


@asynccontextmanager
async def one_by_one(connection: Connection) -> AsyncIterator[None]:
    """Look rows up one by one, in the order in which they are given, within a transaction.

    An error within ends that, or the savepoint in which it was begun.
    """
    await SQL["join_one_by_one"].execute(connection)
    yield
    await SQL["join_as_planned"].execute(connection)
