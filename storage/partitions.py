"""Months of attempts."""

from storage.database import Connection
from storage.statements import SQL

#: So many months ahead of now have a partition, so that a week without maintenance is no trouble.
MONTHS_AHEAD = 2


async def maintain_attempts(connection: Connection, retention_days: int) -> tuple[int, int]:
    """Make partitions ahead, drop those wholly older than `retention_days`. Returns how many it made and dropped."""
    [row] = await connection.fetch(SQL["maintain_attempts"], retention_days, MONTHS_AHEAD)
    return row["made"], row["dropped"]
