"""Months of attempts made ahead, and what is old forgotten: a little in each transaction.

Each function is one short transaction's work and may be called from many processes at once. The audit of reprocesses
has no retention: commands and items are kept for ever.
"""

from storage.database import Connection
from storage.statements import SQL

#: So many months ahead of now have a partition, so that a week without maintenance is no trouble.
MONTHS_AHEAD = 2
#: Of a table of attempts, in one transaction: 2 MiB, some thousand results.
PAGES = 256
#: Dead letters, which may have 2 MiB each, and idempotency keys in one transaction.
ROWS = 500


async def make_attempts_partitions(connection: Connection, retention_days: int) -> int:
    """Make the partitions from the oldest month that is kept to MONTHS_AHEAD. Returns how many were missing."""
    made: int = await SQL["make_attempts_partitions"].fetchval(
        connection, retention_days=retention_days, months_ahead=MONTHS_AHEAD
    )
    return made


async def expire_attempts(connection: Connection, retention_days: int) -> bool:
    """Take one month that is wholly older than `retention_days` out of attempts.

    False when there is none, or when the table was in use for longer than everybody else may wait.
    """
    return bool(await SQL["expire_attempts"].fetchval(connection, retention_days=retention_days))


async def forget_expired_attempts(connection: Connection) -> bool:
    """Forget which results were received of the next part of an expired month. True when there is more to do."""
    return bool(await SQL["forget_expired_attempts"].fetchval(connection, pages=PAGES))


async def forget_unplaced_attempts(connection: Connection, retention_days: int, first_page: int) -> int | None:
    """Delete what is old of the attempts without a month, from a page on. Returns the next one; None at the end."""
    page: int | None = await SQL["forget_unplaced_attempts"].fetchval(
        connection, retention_days=retention_days, first_page=first_page, pages=PAGES
    )
    return page


async def forget_dead_letters(connection: Connection, retention_days: int) -> bool:
    """Delete some dead letters that are older. True when there may be more."""
    gone = await SQL["forget_dead_letters"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)


async def forget_idempotency_keys(connection: Connection, retention_days: int) -> bool:
    """Delete some idempotency keys that are older. True when there may be more."""
    gone = await SQL["forget_idempotency_keys"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)


async def forget_fault_hours(connection: Connection, retention_days: int) -> int:
    """Drop the counts of hours that are older than attempts are kept. Returns how many."""
    return int(await SQL["forget_fault_hours"].fetchval(connection, retention_days=retention_days))
