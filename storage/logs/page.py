"""Reader of one page of status logs. It uses the quickest index, which the kept counts tell beforehand.

PostgreSQL can't know how many logs have this code on that marketplace; our counts can. So we choose between scanning
the list until the page is full, which takes long where few logs match, and picking the matching logs, which takes long
where many do. What a search finds nobody has counted: it is scanned for in so many logs, and no more, or picked.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from schemas.filter import LogFilter
from schemas.search.fold import fold
from schemas.search.query import Search, listed, search_of, whole_gram
from storage.cursors import BEFORE_EVERY_ID, NEWEST_BY_ID, OLDEST_BY_ID, TimeAndId
from storage.database import Connection
from storage.filters import SEARCH, Direction, filtered, names_command, names_dimensions, no_dimensions
from storage.logs.newest_names import FREQUENT, SAMPLE, ByType, NewestNames
from storage.statements import SQL, array

#: Limit of runs that are merged: the beginning of each is one look into the index.
MAX_RUNS: Final = 500
#: Limit of logs that are looked at one by one. When more of a million match, a scan of the list meets one at least
#: every 500 rows.
MAX_PICKED: Final = 2_000
#: Limit of logs that a search picks at once. When more of two million match, a scan meets one every 200 rows, unless
#: they are all old.
MAX_FOUND: Final = 10_000
#: Limit of logs that are scanned for a page of those. When this is not enough, all that the search finds are picked: a
#: scan to the last log took 3 s for 300,000, of which the older third had the text in a name.
MAX_SCANNED: Final = 20_000
#: Logs of the sample that make a search common: a scan of the list may soon have a page of it, and is tried before all
#: that it finds is looked up. It may be the newest alone that match: then the scan ends, and the index is asked.
COMMON: Final = 3

#: Limit that leaves no row out; some statements look for one more.
NO_LIMIT: Final = 2**31 - 2
#: Field that the cursor applies: the end of the period at which the list begins.
_PLACED: Final[Mapping[Direction, frozenset[str]]] = MappingProxyType(
    {"newest": frozenset({"processed_to"}), "oldest": frozenset({"processed_from"})}
)


class _Asked(NamedTuple):
    """Question to one connection, for whichever statement answers it."""

    connection: Connection
    own: dict[str, Any]  # arguments of every statement of a page
    filter_: LogFilter
    direction: Direction
    unchanged_since: datetime | None

    @property
    def is_usual(self) -> bool:
        """True for a page of the usual list, from the newest on."""
        return self.direction == "newest" and self.unchanged_since is None

    async def fetch(self, name: str, *, handled: Collection[str] = (), **more: Any) -> list[Any]:
        """Return the rows of a statement. `handled`: fields of the filter that it need not apply."""
        statement = filtered(
            name,
            self.filter_,
            handled=_PLACED[self.direction] | frozenset(handled),
            direction=self.direction,
            unchanged_since=self.unchanged_since,
            **self.own,
            **more,
        )
        return await statement.fetch(self.connection)


async def read_page(
    connection: Connection,
    account: str,
    integration_type: str,
    filter_: LogFilter,
    *,
    after: TimeAndId | None,
    limit: int,
    direction: Direction = "newest",
    unchanged_since: datetime | None = None,
) -> list[Any]:
    """Return the first `limit` logs that the filter matches, after `after`, as rows with the `log_columns`.

    They come newest first, or oldest first. Logs that got a newer result after `unchanged_since`, if that is given, are
    left out.
    The page is the answer of one statement, and so of one moment. Earlier statements only choose the way to read; a log
    that gets a matching name between them is not on the page. Every way reads the same rows, at different cost.
    """
    time, id_ = _beginning(filter_, after, direction)
    own: dict[str, Any] = {
        "account": account,
        "integration_type": integration_type,
        "after_at": time,
        "after_id": id_,
        "limit": limit,
    }
    asked = _Asked(connection, own, filter_, direction, unchanged_since)
    page = None
    if filter_.q is not None:
        return await _page_found(asked, filter_.q)
    if _are_merged(filter_):
        page = await _of_facets(asked)
        if page is None and not asked.is_usual:
            page = await _from_anywhere(asked)
    if page is None:
        page = await asked.fetch("list_logs")
    return page


async def _from_anywhere(asked: _Asked) -> list[Any]:
    """Read a page of many facets and many logs, none of which may be near.

    What people look for is among the newest logs, where a scan soon meets it: of the oldest ones hardly any has failed.
    """
    page = await _near(asked)
    if page is None:
        page = await _merged(asked, NO_LIMIT)
    return page or []


def _beginning(filter_: LogFilter, after: TimeAndId | None, direction: Direction) -> TimeAndId:
    """Return where the list begins, or goes on.

    The end of the period is the place itself. As a condition beside the cursor, PostgreSQL would scan to it from the
    front.
    """
    if direction == "newest":
        place = after or NEWEST_BY_ID
        return place if filter_.processed_to is None else min(place, (filter_.processed_to, BEFORE_EVERY_ID))
    place = after or OLDEST_BY_ID
    return place if filter_.processed_from is None else max(place, (filter_.processed_from, BEFORE_EVERY_ID))


async def _page_found(asked: _Asked, text: str) -> list[Any]:
    """Read a page of what a search finds: no scan goes on until the page is full, since it may never be."""
    search, is_common = await _judged(asked.connection, asked.own, text, asked.direction)
    page = await _near(asked) if is_common else None
    if page is None:
        page = await _found(asked, search, MAX_FOUND)
    if page is None and not is_common:
        page = await _near(asked)
    if page is None and _are_merged(asked.filter_):
        page = await _of_facets(asked)
    if page is None:
        page = await _found(asked, search, NO_LIMIT)
    return page or []


def _are_merged(filter_: LogFilter) -> bool:
    """Return True where facets may be merged. Logs of a command are looked up instead: each facet would look again."""
    return names_dimensions(filter_) and not names_command(filter_)


async def _found(asked: _Asked, search: Search, at_most: int) -> list[Any] | None:
    """Read a page by picking the logs that a search finds; None when there are more than `at_most`."""
    most = {**search._asdict(), "most_named": at_most, "most_found": at_most}
    page = await asked.fetch("list_logs_found", handled=SEARCH, **most)
    return _logs(page) if max(page[0]["names"], page[0]["words"]) <= at_most else None


async def _near(asked: _Asked) -> list[Any] | None:
    """Read a page by a scan that ends soon; None when it neither fills the page nor meets the last log."""
    if asked.direction == "newest":
        last = asked.filter_.processed_from or OLDEST_BY_ID[0]
    else:
        last = asked.filter_.processed_to or NEWEST_BY_ID[0]
    page = await asked.fetch("list_logs_near", last=last, most_read=MAX_SCANNED)
    logs = _logs(page)
    return logs if page[0]["all_read"] or len(logs) == asked.own["limit"] else None


async def search_types(connection: Connection, account: str, text: str, newest: ByType, *, limit: int) -> list[Any]:
    """Return up to `limit` logs with a name that `text` finds, as rows with the `log_columns`.

    First come those of which it is the whole name, or of which it lists the name; then the newest. `newest` are the
    names of the newest logs of each type that is searched.
    """
    searches = {each: search_of(account, each, text) for each in newest}
    names = list(listed(text)) or [fold(text)]
    part = next(iter(searches.values())).part
    common = [each.logs_with(part) >= COMMON for each in newest.values()]
    grams = [array(_rarer(search, newest[each])) for each, search in searches.items()]
    asked = {
        "account": account,
        "types": list(newest),
        "part": part,
        "scanned": common,
        "names": names,
        "whole": [array(whole_gram(account, each, name) for name in names) for each in newest],
        "most_read": MAX_SCANNED,
        "limit": limit,
    }
    picked = [None if is_common else each for each, is_common in zip(grams, common, strict=True)]
    rows = await SQL["search_logs"].fetch(connection, grams=picked, most_named=limit, **asked)
    if any(common) and len(rows) < limit:  # what was common is so among the newest alone
        rows = await SQL["search_logs"].fetch(connection, grams=grams, most_named=max(limit, MAX_FOUND), **asked)
    return rows


def _rarer(search: Search, newest: NewestNames) -> Sequence[int]:
    """Return the grams of a search that few of the newest logs have; all of them where many have each."""
    return [each for each in search.grams if each not in newest.frequent] or search.grams


class _Judged(NamedTuple):
    search: Search  # with its rare grams, if there are any
    is_common: bool  # among the next logs after the cursor


async def _judged(connection: Connection, own: dict[str, Any], text: str, direction: Direction = "newest") -> _Judged:
    """Judge a search by the next logs after the cursor."""
    search = search_of(own["account"], own["integration_type"], text)
    place = {name: own[name] for name in ("account", "integration_type", "after_at", "after_id")}
    asked = {**place, "grams": search.grams, "most_read": SAMPLE, "frequent": FREQUENT}
    by_name = LogFilter.model_construct(q=text)
    [row] = await filtered("sample_next", by_name, direction=direction, **asked).fetch(connection)
    return _with_rare(search, row)


def _with_rare(search: Search, row: Any) -> _Judged:
    rare = search._replace(grams=tuple(row["rare"])) if row["rare"] else search
    return _Judged(rare, row["logs"] >= COMMON)


async def _of_facets(asked: _Asked) -> list[Any] | None:
    """Read a page by merging the facets that the filter asks for; None for too many facets or too many logs."""
    if asked.filter_.q is None:
        page = await _merged(asked, MAX_RUNS)
        if page is not None:
            return page
    account, integration_type = asked.own["account"], asked.own["integration_type"]
    facets = await facets_of(asked.connection, account, integration_type, asked.filter_, at_most=MAX_PICKED + 1)
    if len(facets) > MAX_PICKED:
        return None
    logs = await SQL["count_logs_of_facets"].fetchval(
        asked.connection, account=account, integration_type=integration_type, facets=facets
    )
    return None if logs > MAX_PICKED else await _merged(asked, MAX_PICKED)


async def _merged(asked: _Asked, at_most: int) -> list[Any] | None:
    """Merge facets; None when there are more than `at_most`."""
    page = await asked.fetch("list_logs_of_facets", most_facets=at_most)
    return _logs(page) if page[0]["facets"] <= at_most else None


def unlimited(search: Search) -> dict[str, Any]:
    """Return the arguments of `find_logs` for everything that a search finds."""
    return {**search._asdict(), "most_named": NO_LIMIT, "most_found": NO_LIMIT}


async def found_by_search(connection: Connection, account: str, integration_type: str, text: str) -> list[Any] | None:
    """Return the logs that `text` finds by names or words; None when they are too many to be picked."""
    after_at, after_id = NEWEST_BY_ID
    own = {"account": account, "integration_type": integration_type, "after_at": after_at, "after_id": after_id}
    search, _ = await _judged(connection, own, text)
    most = {"most_named": MAX_FOUND, "most_found": MAX_FOUND}
    rows = await SQL["find_logs"].fetch(connection, integration_type=integration_type, **search._asdict(), **most)
    named = sum(row["named"] for row in rows)
    are_all = max(named, len(rows) - named) <= MAX_FOUND
    return list({row["id"] for row in rows}) if are_all else None


async def find_listed(connection: Connection, account: str, integration_type: str, names: Sequence[str]) -> set[str]:
    """Return those of `names`, which are folded, that some log of the type has."""
    rows = await SQL["find_listed"].fetch(
        connection,
        account=account,
        integration_type=integration_type,
        names=names,
        whole=[whole_gram(account, integration_type, name) for name in names],
        most_named=NO_LIMIT,
    )
    return {row["name"] for row in rows}


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
