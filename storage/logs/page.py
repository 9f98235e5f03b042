"""Reader of one page of status logs. It uses the quickest index, which the kept counts tell beforehand.

PostgreSQL can't know how many logs have this code on that marketplace; our counts can. So we choose between scanning
the list until the page is full, which takes long where few logs match, and picking the matching logs, which takes long
where many do.
"""

from collections.abc import Sequence
from typing import Any, Final

from schemas.filter import LogFilter
from storage.cursors import BEFORE_EVERY_ID, NEWEST_BY_ID, TimeAndId
from storage.database import Connection
from storage.filters import AFTER_ALL, SEARCH, filtered, names_dimensions, no_dimensions
from storage.statements import SQL

#: Limit of runs that are merged: the beginning of each is one look into the index.
MAX_RUNS: Final = 500
#: Limit of logs that are looked at one by one. When more of a million match, a scan of the list meets one at least
#: every 500 rows.
MAX_PICKED: Final = 2_000

#: Limit that leaves no row out.
NO_LIMIT: Final = 2**31 - 1
#: Field that the cursor applies.
_PLACED: Final = frozenset({"processed_to"})


async def read_page(
    connection: Connection,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    *,
    after: TimeAndId | None,
    limit: int,
) -> list[Any]:
    """Return the newest `limit` logs that the filter matches, after `after`, as rows with the `log_columns`.

    The page is the answer of one statement, and so of one moment. Earlier statements only choose the way to read; a log
    that gets a matching name between them is not on the page. Every way reads the same rows, at different cost.
    """
    # The list begins here. As a condition beside the cursor, PostgreSQL would scan to `processed_to` from the front.
    place = after or NEWEST_BY_ID
    if filter_.processed_to is not None:
        place = min(place, (filter_.processed_to, BEFORE_EVERY_ID))
    time, id_ = place
    own: dict[str, Any] = {
        "account": account,
        "integration_type": integration_type,
        "after_at": time,
        "after_id": id_,
        "limit": limit,
    }
    page = None
    if filter_.q is not None:
        page = await _named(connection, own, filter_, filter_.q)
    if page is None and names_dimensions(filter_):
        page = await _of_facets(connection, own, filter_)
    if page is None:
        page = await filtered("list_logs", filter_, handled=_PLACED, **own).fetch(connection)
    return page


async def _named(connection: Connection, own: dict[str, Any], filter_: LogFilter, text: str) -> list[Any] | None:
    """Read a page by picking the logs that `text` finds; None when there are too many."""
    searched: dict[str, Any] = {"handled": _PLACED | SEARCH, "text": text, **own}
    most = MAX_PICKED + 1
    page = await filtered("list_logs_named", filter_, text_end=text + AFTER_ALL, most_found=most, **searched).fetch(
        connection
    )
    names, words = page[0]["names"], page[0]["words"]
    if names:
        return _logs(page) if names + words <= MAX_PICKED else None
    # No names, so these are words if anything. Words of many messages are soon met in a scan, and slow to look up.
    page = await filtered("newest_with_words", filter_, most_read=MAX_PICKED, **searched).fetch(connection)
    if len(page) == own["limit"]:
        return page
    page = await filtered("list_logs_with_words", filter_, most_found=most, **searched).fetch(connection)
    return _logs(page) if page[0]["words"] <= MAX_PICKED else None


async def _of_facets(connection: Connection, own: dict[str, Any], filter_: LogFilter) -> list[Any] | None:
    """Read a page by merging the facets that the filter asks for; None for too many facets or too many logs."""
    if filter_.q is None:
        page = await _merged(connection, own, filter_, MAX_RUNS)
        if page is not None:
            return page
    account, integration_type = own["account"], own["integration_type"]
    facets = await facets_of(connection, account, integration_type, filter_, at_most=MAX_PICKED + 1)
    if len(facets) > MAX_PICKED:
        return None
    logs = await SQL["count_logs_of_facets"].fetchval(
        connection, account=account, integration_type=integration_type, facets=facets
    )
    return None if logs > MAX_PICKED else await _merged(connection, own, filter_, MAX_PICKED)


async def _merged(connection: Connection, own: dict[str, Any], filter_: LogFilter, at_most: int) -> list[Any] | None:
    """Merge facets; None when there are more than `at_most`."""
    page = await filtered("list_logs_of_facets", filter_, handled=_PLACED, most_facets=at_most, **own).fetch(connection)
    return _logs(page) if page[0]["facets"] <= at_most else None


async def found_by_name(connection: Connection, account: str, integration_type: str, text: str) -> list[Any] | None:
    """Return the logs that `text` finds by key, alias or words; None when they are too many to be picked."""
    rows = await SQL["find_logs"].fetch(
        connection,
        account=account,
        integration_type=integration_type,
        text=text,
        text_end=text + AFTER_ALL,
        most_found=MAX_PICKED + 1,
    )
    found = {row["id"] for row in rows}
    return list(found) if len(rows) <= MAX_PICKED else None


async def facets_of(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, *, at_most: int
) -> list[Any]:
    """Return the facets that the filter asks for, each of which has a log, or had one."""
    statement = filtered(
        "list_facets",
        filter_,
        handled=no_dimensions(),
        account=account,
        integration_type=integration_type,
        limit=at_most,
    )
    return [row["id"] for row in await statement.fetch(connection)]


def _logs(page: Sequence[Any]) -> list[Any]:
    """Return a page without the row that only counts."""
    return [row for row in page if row["id"] is not None]
