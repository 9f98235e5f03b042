"""How one page of status logs is read: by whichever index gets there soonest, which the counts tell beforehand.

PostgreSQL can't know how many logs have this code on that marketplace; the counts that we keep do. So it is not asked
to choose between reading on along the list until the page is full, which is endless where little matches, and picking
out what matches, which is endless where much does.
"""

from typing import Any, Final

from schemas.filter import LogFilter
from storage.database import Connection
from storage.filters import AFTER_ALL, DIMENSIONS, EVERY_FIELD, Statement, filtered, names_dimensions
from storage.places import BEFORE_EVERY_ID, NEWEST_BY_ID, TimeAndId
from storage.statements import SQL

#: The beginnings of so many runs are merged: each is one look into the index.
MAX_RUNS: Final = 500
#: So many logs are looked at one by one. Of a million, reading on meets one that matches every 500 rows or sooner
#: where more match than this.
MAX_PICKED: Final = 2_000


#: A limit that leaves nothing out.
NO_LIMIT: Final = 2**31 - 1
_UNPLACED: Final = EVERY_FIELD - {"processed_to"}


async def page_statement(
    connection: Connection,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    *,
    after: TimeAndId | None,
    limit: int,
) -> Statement | None:
    """What reads the newest `limit` logs that the filter matches, after `after`; None when it can't match any.

    To be run in the same snapshot. Every statement reads the same rows; they differ in what it costs.
    """
    # Where the list begins, and not one condition more: PostgreSQL would walk to `processed_to` from the front.
    place = after or NEWEST_BY_ID
    if filter_.processed_to is not None:
        place = min(place, (filter_.processed_to, BEFORE_EVERY_ID))
    own = [account, integration_type, *place, limit]
    found = None if filter_.q is None else await found_by_name(connection, account, integration_type, filter_.q)
    if found is not None:
        return filtered("list_logs_among", [*own, found], filter_, _UNPLACED - {"q"}) if found else None
    if names_dimensions(filter_):
        at_most = max(MAX_RUNS, MAX_PICKED) + 1
        facets = await facets_of(connection, account, integration_type, filter_, at_most=at_most)
        if not facets:
            return None
        if (filter_.q is None and len(facets) <= MAX_RUNS) or await _few(connection, account, integration_type, facets):
            return filtered("list_logs_of_facets", [*own, facets], filter_, _UNPLACED - DIMENSIONS)
    return filtered("list_logs", own, filter_, _UNPLACED)


async def found_by_name(connection: Connection, account: str, integration_type: str, text: str) -> list[Any] | None:
    """The logs that `text` finds by key, alias or words; None when they are too many to be picked out."""
    rows = await connection.fetch(SQL["find_logs"], account, integration_type, text, text + AFTER_ALL, MAX_PICKED + 1)
    found = {row["id"] for row in rows}
    return list(found) if len(rows) <= MAX_PICKED else None


async def facets_of(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, *, at_most: int
) -> list[Any]:
    """The facets that the filter asks for, each of which has a log, or had one."""
    statement = filtered("list_facets", [account, integration_type, at_most], filter_, DIMENSIONS)
    return [row["id"] for row in await connection.fetch(statement.sql, *statement.arguments)]


async def _few(connection: Connection, account: str, integration_type: str, facets: list[Any]) -> bool:
    if len(facets) > MAX_PICKED:
        return False
    logs = await connection.fetchval(SQL["count_logs_of_facets"], account, integration_type, facets)
    return bool(logs <= MAX_PICKED)
