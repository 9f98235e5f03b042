"""Keeps counts cheap to read and words quick to find: adds up what the folds left beside the counts and the index."""

from storage.database import Connection
from storage.statements import SQL


async def compact(connection: Connection, at_most: int) -> int:
    """Add up to `at_most` changes to the hours and days that they are of. Returns how many it took.

    Counts read the same before and after. 0 while another connection does it.
    """
    return int(await SQL["compact_log_changes"].fetchval(connection, limit=at_most))


async def compact_faults(connection: Connection, at_most: int) -> int:
    """The same of what happened to faults."""
    return int(await SQL["compact_fault_changes"].fetchval(connection, limit=at_most))


async def index_words(connection: Connection) -> int:
    """Put the words that wait into their index. Returns how many pages of them there were.

    Searches find the same before and after.
    """
    return int(await SQL["index_words"].fetchval(connection))
