"""How one page of status logs is read: by whichever index gets there soonest, which the counts tell beforehand.

PostgreSQL can't know how many logs have this code on that marketplace; the counts that we keep do. So it is not asked
to choose between reading on along the list until the page is full, which is endless where little matches, and picking
out what matches, which is endless where much does.
"""

from collections.abc import Sequence
from typing import Any, Final

from schemas.filter import LogFilter
from storage.cursors import BEFORE_EVERY_ID, NEWEST_BY_ID, TimeAndId
from storage.database import Connection
from storage.filters import AFTER_ALL, SEARCH, filtered, names_dimensions, no_dimensions
from storage.statements import SQL

#: The beginnings of so many runs are merged: each is one look into the index.
MAX_RUNS: Final = 500
#: So many logs are looked at one by one. Of a million, reading on meets one that matches every 500 rows or sooner
#: where more match than this.
MAX_PICKED: Final = 2_000

#: A limit that leaves nothing out.
NO_LIMIT: Final = 2**31 - 1
#: Applied by the place where the page begins.
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
    """The newest `limit` logs that the filter matches, after `after`, as rows with the `log_columns`.

    The page is the answer of one statement, and so of one moment; those before it only told which way to go, and what
    comes to be named between two of them is not on it. Every way reads the same rows; they differ in what it costs.
    """
    # Where the list begins, and not one condition more: PostgreSQL would walk to `processed_to` from the front.
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
    """By picking out what `text` finds; None when that is too much."""
    searched: dict[str, Any] = {"handled": _PLACED | SEARCH, "text": text, **own}
    most = MAX_PICKED + 1
    page = await filtered("list_logs_named", filter_, text_end=text + AFTER_ALL, most_found=most, **searched).fetch(
        connection
    )
    names, words = page[0]["names"], page[0]["words"]
    if names:
        return _logs(page) if names + words <= MAX_PICKED else None
    # So these are words, if anything. What many messages say is soon met by reading on, and slow to look up.
    page = await filtered("newest_with_words", filter_, most_read=MAX_PICKED, **searched).fetch(connection)
    if len(page) == own["limit"]:
        return page
    page = await filtered("list_logs_with_words", filter_, most_found=most, **searched).fetch(connection)
    return _logs(page) if page[0]["words"] <= MAX_PICKED else None


async def _of_facets(connection: Connection, own: dict[str, Any], filter_: LogFilter) -> list[Any] | None:
    """By merging the facets that the filter asks for; None when these are too many, or have too many logs."""
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
    """None when there are more than `at_most` facets."""
    page = await filtered("list_logs_of_facets", filter_, handled=_PLACED, most_facets=at_most, **own).fetch(connection)
    return _logs(page) if page[0]["facets"] <= at_most else None


async def found_by_name(connection: Connection, account: str, integration_type: str, text: str) -> list[Any] | None:
    """The logs that `text` finds by key, alias or words; None when they are too many to be picked out."""
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
    """The facets that the filter asks for, each of which has a log, or had one."""
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
    """Without the row that only counts."""
    return [row for row in page if row["id"] is not None]
