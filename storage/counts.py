"""Keeps the counts of logs cheap to read."""

from storage.database import Connection
from storage.statements import SQL


async def compact(connection: Connection, at_most: int) -> int:
    """Add up to `at_most` changes to the hours and days that they are of. Returns how many it took.

    Counts read the same before and after. 0 while another connection does it.
    """
    return int(await connection.fetchval(SQL["compact_log_changes"], at_most))
