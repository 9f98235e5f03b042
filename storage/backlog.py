"""Backlog: the work that waits in the database, for metrics."""

from storage.database import Connection
from storage.statements import SQL


async def backlog(connection: Connection) -> dict[str, int]:
    """Rows by what they wait for: queued, awaited, uncompacted, unpublished. The connection must be the writer's."""
    return dict(await SQL["backlog"].fetchrow(connection))
