"""Retention: partitions of attempts made ahead, and old rows deleted, a little in each transaction.

Each function is one short transaction's work and may be called from many processes at once. The audit of reprocesses
has no retention: commands and items are kept for ever.
"""

from datetime import UTC, datetime, timedelta

from storage.database import Connection
from storage.settings import StorageSettings
from storage.statements import SQL

#: Months ahead of now that have a partition, so that a week without maintenance does no harm.
MONTHS_AHEAD = 2
#: Pages of a table of attempts that one transaction deletes: 2 MiB, some thousand results.
PAGES = 256
#: Rows that one transaction deletes: dead letters, which may have 2 MiB each, or idempotency keys.
ROWS = 500


async def make_attempts_partitions(connection: Connection, retention_days: int) -> int:
    """Make the partitions from the oldest month that is kept to MONTHS_AHEAD. Returns the number of missing ones.

    It makes none, and returns 0, when the lock of the table could not be had soon enough.
    """
    made: int = await SQL["make_attempts_partitions"].fetchval(
        connection, retention_days=retention_days, months_ahead=MONTHS_AHEAD
    )
    return made


async def expire_attempts(connection: Connection, retention_days: int) -> bool:
    """Detach one month that is wholly older than `retention_days` from attempts.

    Returns False when there is none, or when the lock of the table could not be had soon enough.
    """
    return bool(await SQL["expire_attempts"].fetchval(connection, retention_days=retention_days))


async def forget_expired_attempts(connection: Connection) -> bool:
    """Delete the received ids of the next part of an expired month. Returns True when there is more to do."""
    return bool(await SQL["forget_expired_attempts"].fetchval(connection, pages=PAGES))


async def forget_unplaced_attempts(connection: Connection, retention_days: int, first_page: int) -> int | None:
    """Delete old attempts of the default partition, from a page on. Returns the next page; None at the end."""
    page: int | None = await SQL["forget_unplaced_attempts"].fetchval(
        connection, retention_days=retention_days, first_page=first_page, pages=PAGES
    )
    return page


async def expire_evidence(connection: Connection, retention_days: int) -> bool:
    """Take the evidence out of some attempts that came longer ago. Returns True when there may be more."""
    gone = await SQL["expire_evidence"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)


async def expire_corrections(connection: Connection, retention_days: int) -> bool:
    """Take the values out of some corrections of requests that are older. Returns True when there may be more."""
    gone = await SQL["expire_corrections"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)


def evidence_until(settings: StorageSettings, processed_at: datetime, received_at: datetime) -> datetime:
    """Return the time from which the evidence of an attempt may be deleted: with its month, or by itself before."""
    month = processed_at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    next_month = (month + timedelta(days=32)).replace(day=1)
    # Attempts go when the whole month is older; results of months that are gone, when they are.
    until = max(next_month, received_at) + timedelta(days=settings.retention_days)
    if settings.evidence_retention_days is None:
        return until
    return min(until, received_at + timedelta(days=settings.evidence_retention_days))


async def forget_silent_logs(connection: Connection, retention_days: int, first_page: int) -> int | None:
    """Delete silent logs with all that hangs on them, from a page on. Returns the next page; None at the end."""
    page: int | None = await SQL["forget_silent_logs"].fetchval(
        connection, retention_days=retention_days, first_page=first_page, pages=PAGES
    )
    return page


async def forget_dead_letters(connection: Connection, retention_days: int) -> bool:
    """Delete some dead letters that are older, of those that their topic has. Returns True when there may be more."""
    gone = await SQL["forget_dead_letters"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)


async def forget_unpublished_letters(connection: Connection, retention_days: int) -> int:
    """Delete some dead letters that are older and that their topic never got. Returns their number, ROWS at most."""
    gone: int = await SQL["forget_unpublished_letters"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return gone


async def forget_notifications(connection: Connection, retention_days: int) -> bool:
    """Delete some messages that ended longer ago. Returns True when there may be more."""
    gone = await SQL["forget_notifications"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)


async def forget_conflicts(connection: Connection, retention_days: int) -> bool:
    """Delete some conflicts that are older. Returns True when there may be more."""
    gone = await SQL["forget_conflicts"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)


async def forget_idempotency_keys(connection: Connection, retention_days: int) -> bool:
    """Delete some idempotency keys that are older. Returns True when there may be more."""
    gone = await SQL["forget_idempotency_keys"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)


async def forget_fault_hours(connection: Connection, retention_days: int) -> int:
    """Delete the counts of hours that are older than attempts are kept. Returns their number."""
    return int(await SQL["forget_fault_hours"].fetchval(connection, retention_days=retention_days))


async def forget_result_day(connection: Connection, retention_days: int) -> bool:
    """Delete the oldest day of the series if it is older. Returns True when there may be more."""
    return bool(await SQL["forget_result_day"].fetchval(connection, retention_days=retention_days))


async def forget_received(connection: Connection) -> int:
    """Delete the counts of arrivals that no rhythm is learned from any more. Returns their number."""
    return int(await SQL["forget_received"].fetchval(connection))


async def forget_sources(connection: Connection) -> int:
    """Delete the counts by source that no rhythm is learned from any more. Returns the number of days of sources."""
    return int(await SQL["forget_sources"].fetchval(connection))


async def forget_incidents(connection: Connection, retention_days: int) -> bool:
    """Delete some incidents that were over longer ago, with their edges. Returns True when there may be more."""
    gone = await SQL["forget_incidents"].fetchval(connection, retention_days=retention_days, limit=ROWS)
    return bool(gone == ROWS)
