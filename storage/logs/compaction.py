"""Compaction of counts, and of the indexes of words and names: folds only append, so that both stay quick to read."""

from storage.database import Connection
from storage.statements import SQL


async def compact(connection: Connection, at_most: int) -> int:
    """Add up to `at_most` changes to the hours and days to which they belong. Returns their number.

    Counts read the same before and after. Returns 0 while another connection compacts.
    """
    return int(await SQL["compact_log_changes"].fetchval(connection, limit=at_most))


async def compact_faults(connection: Connection, at_most: int) -> int:
    """Add up to `at_most` changes of faults to their hours, as `compact` does for logs."""
    return int(await SQL["compact_fault_changes"].fetchval(connection, limit=at_most))


async def compact_results(connection: Connection, at_most: int) -> int:
    """Add up to `at_most` changes of the series to its hours and days, as `compact` does for logs."""
    return int(await SQL["compact_result_changes"].fetchval(connection, limit=at_most))


async def index_pending(connection: Connection) -> int:
    """Move pending words and names into their indexes. Returns the number of pages that were pending.

    Searches find the same before and after.
    """
    return int(await SQL["index_pending"].fetchval(connection))
