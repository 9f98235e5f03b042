"""Keeps the counts of logs and of faults cheap to read."""

from storage.database import Connection
from storage.statements import SQL


async def compact(connection: Connection, at_most: int) -> int:
    """Add up to `at_most` changes to the hours and days that they are of. Returns how many it took.

    Counts read the same before and after. 0 while another connection does it.
    """
    return int(await connection.fetchval(SQL["compact_log_changes"], at_most))


async def compact_faults(connection: Connection, at_most: int) -> int:
    """The same of what happened to faults."""
    return int(await connection.fetchval(SQL["compact_fault_changes"], at_most))


async def forget_fault_hours(connection: Connection, retention_days: int) -> int:
    """Drop the counts of hours that are older than attempts are kept. Returns how many."""
    return int(await connection.fetchval(SQL["forget_fault_hours"], retention_days))
