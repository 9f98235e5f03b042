"""A walk through a list in which logs may move behind pages that were read: when it began, and what it leaves out."""

from datetime import timedelta

from schemas.filter import LogFilter
from storage.cursors import Walk
from storage.database import Connection
from storage.statements import SQL

_MOMENT = timedelta(microseconds=1)


async def begin_walk(connection: Connection, account: str, integration_type: str) -> Walk:
    """Return the walk that begins now, for the pages after the first one. Call it before the first page is read."""
    as_of = await SQL["settled_until"].fetchval(connection)
    last = await SQL["newest_at"].fetchval(connection, account=account, integration_type=integration_type)
    return Walk(as_of, last or as_of)


def until_last(filter_: LogFilter, walk: Walk) -> LogFilter:
    """Return the filter of a later page: nothing that a page has is newer than the newest log was when it began.

    Otherwise the last page would look at all that came since, log by log, only to leave it out.
    """
    end = walk.last + _MOMENT
    if filter_.processed_to is not None:
        end = min(end, filter_.processed_to)
    return filter_.model_copy(update={"processed_to": end})
