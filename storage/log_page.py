"""How one page of status logs is read: by whichever index gets there soonest, which the counts tell beforehand.

PostgreSQL can't know how many logs have this code on that marketplace; the counts that we keep do. So it is not asked
to choose between reading on along the list until the page is full, which is endless where little matches, and picking
out what matches, which is endless where much does.
"""

from typing import Any, Final, NamedTuple

from schemas.filter import LogFilter
from storage.database import Connection
from storage.filters import AFTER_ALL, DIMENSIONS, EVERY_FIELD, conditions, names_dimensions
from storage.places import NEWEST_BY_ID, TimeAndId
from storage.statements import SQL

#: The beginnings of so many runs are merged: each is one look into the index.
MAX_RUNS: Final = 500
#: So many logs are looked at one by one. Of a million, reading on meets one that matches every 200 rows or sooner
#: where more match than this.
MAX_PICKED: Final = 5_000


class Statement(NamedTuple):
    """A statement and its arguments."""

    sql: str
    arguments: list[Any]


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
    own = [account, integration_type, *(after or NEWEST_BY_ID), limit]
    found = None if filter_.q is None else await found_by_name(connection, account, integration_type, filter_.q)
    if found is not None:
        return _statement("list_logs_among", [*own, found], filter_, EVERY_FIELD - {"q"}) if found else None
    if names_dimensions(filter_):
        facets = await _facets(connection, account, integration_type, filter_)
        if not facets:
            return None
        if (filter_.q is None and len(facets) <= MAX_RUNS) or await _few(connection, account, integration_type, facets):
            return _statement("list_logs_of_facets", [*own, facets], filter_, EVERY_FIELD - DIMENSIONS)
    return _statement("list_logs", own, filter_, EVERY_FIELD)


def _statement(name: str, own: list[Any], filter_: LogFilter, fields: frozenset[str]) -> Statement:
    where = conditions(filter_, len(own), fields)
    return Statement(SQL[name].replace("{filter}", where.sql), [*own, *where.arguments])


async def found_by_name(connection: Connection, account: str, integration_type: str, text: str) -> list[Any] | None:
    """The logs that `text` finds; None when they are too many to be picked out."""
    rows = await connection.fetch(SQL["find_logs"], account, integration_type, text, text + AFTER_ALL, MAX_PICKED + 1)
    found = {row["id"] for row in rows}
    return list(found) if len(rows) <= MAX_PICKED else None


async def _facets(connection: Connection, account: str, integration_type: str, filter_: LogFilter) -> list[Any]:
    """The facets that the filter asks for, each of which has one log at least, or had; of too many, just too many."""
    own = [account, integration_type, max(MAX_RUNS, MAX_PICKED) + 1]
    where = conditions(filter_, len(own), DIMENSIONS)
    rows = await connection.fetch(SQL["list_facets"].replace("{filter}", where.sql), *own, *where.arguments)
    return [row["id"] for row in rows]


async def _few(connection: Connection, account: str, integration_type: str, facets: list[Any]) -> bool:
    if len(facets) > MAX_PICKED:
        return False
    logs = await connection.fetchval(SQL["count_logs_of_facets"], account, integration_type, facets)
    return bool(logs <= MAX_PICKED)
