"""Reader of one page of status logs in the order of a column that no index has: it sorts all that the filter matches.

It looks at no more than so many logs, in each of the ways that may find few enough: those of a command, those that the
search finds, those of the time, those of the facets that the filter asks for. So the order is exact over the whole
filter, or there is none.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from schemas.filter import LogFilter
from schemas.log_sort import BY_SEVERITY, MAX_SORTED, OF_TEXT, ByColumn
from schemas.search.query import search_of
from storage.cursors import LogCursor
from storage.database import Connection
from storage.filters import SEARCH, filtered, names_command, names_dimensions
from storage.logs.spans import between


class TooManyToSort(Exception):
    """More logs match than are sorted, or nobody can tell without looking at more: narrow the filter, or list by time.

    `is_known`: more match. Otherwise the search finds too many, and so does the rest of the filter; both together may
    match few.
    """

    def __init__(self, *, is_known: bool) -> None:
        super().__init__(f"more than {MAX_SORTED} logs to sort")
        self.is_known = is_known


#: Arguments of no place, for the first page.
_NOWHERE: Final[dict[str, Any]] = {
    "after_at": None,
    "after_id": None,
    "after_name": None,
    "after_number": None,
    "backwards": False,
}


async def read_sorted(
    connection: Connection,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    by: ByColumn,
    *,
    after: LogCursor | None,
    limit: int,
    unchanged_since: datetime | None = None,
) -> list[Any]:
    """Return `limit` of the logs that the filter matches, in an order by a column, as rows with the `log_columns`.

    They are those after `after`, or before it when it says so: then the nearest to it comes first. Logs that got a
    newer result after `unchanged_since`, if that is given, are left out.
    The page is the answer of one statement, and so of one moment. Raises TooManyToSort for more than MAX_SORTED logs.
    """
    own: dict[str, Any] = {
        "account": account,
        "integration_type": integration_type,
        "column": by.column,
        "descending": by.descending,
        "by_severity": list(BY_SEVERITY),
        "most": MAX_SORTED,
        "limit": limit,
        **_place(by, after),
    }
    for name in _ways(filter_):
        statement = filtered(
            name,
            filter_,
            handled=SEARCH if name == "sort_logs_found" else (),
            unchanged_since=unchanged_since,
            **own,
            **_arguments(name, own, filter_),
        )
        page = await statement.fetch(connection)
        if page[0]["looked_at"] <= MAX_SORTED:
            if page[0]["matched"] > MAX_SORTED:
                raise TooManyToSort(is_known=True)
            return [row for row in page if row["id"] is not None]
    raise TooManyToSort(is_known=filter_.q is None or names_command(filter_))


def _ways(filter_: LogFilter) -> Iterator[str]:
    """Yield the statements that may find few enough logs. Without a search the last one has exactly what matches."""
    if names_command(filter_):
        yield "sort_logs_of_command"
        return
    if filter_.q is not None:
        yield "sort_logs_found"
    of_dimensions = names_dimensions(filter_)
    if filter_.processed_from is not None or filter_.processed_to is not None or not of_dimensions:
        yield "sort_logs_in_time"
    if of_dimensions:
        yield "sort_logs_of_facets"


def _arguments(name: str, own: dict[str, Any], filter_: LogFilter) -> dict[str, Any]:
    """Return the arguments that one of the `_ways` has beside those of all."""
    if name == "sort_logs_of_command":
        return {}
    if name == "sort_logs_found":
        search = search_of(own["account"], own["integration_type"], filter_.q or "")
        return {**search._asdict(), "most_named": own["most"]}
    return between(filter_.processed_from, filter_.processed_to)._asdict()


def _place(by: ByColumn, after: LogCursor | None) -> dict[str, Any]:
    """Return the arguments of the place at which the page begins."""
    if after is None:
        return dict(_NOWHERE)
    is_text = by.column in OF_TEXT
    return {
        "after_at": after.at,
        "after_id": after.id,
        "after_name": after.value if is_text else None,
        "after_number": None if is_text else after.value,
        "backwards": after.backwards,
    }
