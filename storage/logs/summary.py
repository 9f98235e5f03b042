"""Counts of the logs that a filter matches: from the kept counts, and from single logs where these are too coarse."""

from collections import Counter
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from typing import Any

from schemas.catalogue import BY_NAME
from schemas.filter import LogFilter
from schemas.search.query import search_of
from schemas.summary import MAX_CODES, HistogramBar, LogSummary
from storage.database import Connection, Database
from storage.filters import SEARCH, SPAN, filtered, names_command
from storage.logs.page import NO_LIMIT, facets_of, found_by_search, unlimited
from storage.logs.spans import DAY, HOUR, Span, bar_width, bars, between, moved, take_apart
from storage.statements import SQL

#: Values of grouping(status, affiliate, codes, bar): a bit for each column that a row is not grouped by.
_BY_STATUS, _BY_AFFILIATE, _BY_CODES, _BY_BAR = 0b0111, 0b1011, 0b1101, 0b0110


async def summarize(
    database: Database, account: str, integration_type: str, filter_: LogFilter, zone: tzinfo = UTC
) -> LogSummary:
    """Count the logs of the list, exactly as they are at the same moment.

    Days of the histogram are those of `zone`; where its midnight is not on a whole hour of UTC, they begin up to an
    hour before.

    A filter with `q` that finds more than a few thousand logs has to scan all of the list's index entries: about a
    second for each million. One of logs of a command looks them up.
    """
    async with database.snapshot(account) as connection:
        span = await _span(connection, account, integration_type, filter_)
        if span is None:
            return _summary(integration_type, filter_, [], [])
        edges = bars(span, bar_width(span), zone)
        count = _count_singly if names_command(filter_) else _count if filter_.q is None else _count_found
        rows = await count(connection, account, integration_type, filter_, edges)
        found = _found_within(rows, edges)
        if found is not None and bar_width(found) < bar_width(span):
            # All that matches lies closer together than the logs of the type do: one day is not one bar.
            edges = bars(found, bar_width(found), zone)
            rows = await count(connection, account, integration_type, _within(filter_, found), edges)
    return _summary(integration_type, filter_, rows, edges)


async def count_at_any_time(database: Database, account: str, integration_type: str, filter_: LogFilter) -> int:
    """Return how many logs the list has, for a filter of neither a time nor a search nor a command.

    It takes as long as there are logs to be counted: it is for filters that few match. Raises UnappliedFieldError for
    another filter.
    """
    statement = filtered("count_at_any_time", filter_, account=account, integration_type=integration_type)
    async with database.reading(account) as connection:
        return int(await statement.fetchval(connection))


async def _span(connection: Connection, account: str, integration_type: str, filter_: LogFilter) -> Span | None:
    """Return the span in which matching logs can be; None when there are no logs at all."""
    row = await SQL["log_bounds"].fetchrow(connection, account=account, integration_type=integration_type)
    if row is None or row["first"] is None:
        return None
    start, end = row["first"], row["last"] + HOUR
    if filter_.processed_from is not None:
        start = max(start, filter_.processed_from.astimezone(UTC))
    if filter_.processed_to is not None:
        end = min(end, filter_.processed_to.astimezone(UTC))
    return Span(start, end) if start < end else None


def _found_within(rows: list[Any], edges: list[datetime]) -> Span | None:
    """Return the span of the bars that have logs; None when none has."""
    numbers = [row["bar"] for row in rows if row["absent"] == _BY_BAR]
    return Span(edges[min(numbers) - 1], edges[max(numbers)]) if numbers else None


def _within(filter_: LogFilter, span: Span) -> LogFilter:
    """Return the filter with a span in which all that it matches is, so that less is read."""
    first, last = between(filter_.processed_from, filter_.processed_to)
    ends = {"processed_from": max(first, span.start), "processed_to": min(last, span.end)}
    return filter_.model_copy(update=ends)


async def _count(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, edges: list[datetime]
) -> list[Any]:
    parts = take_apart(filter_.processed_from, filter_.processed_to, days=edges[1] - edges[0] > HOUR)
    own: dict[str, Any] = {"account": account, "integration_type": integration_type, "edges": edges, **parts.edges}
    hours = moved(parts.days, edges)
    if not hours:
        statement = filtered("count_logs", filter_, handled=SPAN, **own)
    else:
        noons = [edge - DAY / 2 for edge in edges]
        statement = filtered("count_logs_by_local_days", filter_, handled=SPAN, noons=noons, moved=hours, **own)
    return await statement.fetch(connection)


async def _count_singly(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, edges: list[datetime]
) -> list[Any]:
    own: dict[str, Any] = {"account": account, "integration_type": integration_type, "edges": edges}
    return await filtered("count_logs_singly", filter_, **own).fetch(connection)


async def _count_found(
    connection: Connection, account: str, integration_type: str, filter_: LogFilter, edges: list[datetime]
) -> list[Any]:
    text = filter_.q or ""
    span = between(filter_.processed_from, filter_.processed_to)
    own = {"account": account, "integration_type": integration_type, "edges": edges, **span._asdict()}
    found = await found_by_search(connection, account, integration_type, text)
    if found is not None:
        return await filtered("count_logs_among", filter_, handled=SEARCH | SPAN, among=found, **own).fetch(connection)
    facets = await facets_of(connection, account, integration_type, filter_, at_most=NO_LIMIT)
    await connection.execute("SET LOCAL enable_nestloop = off")
    statement = filtered(
        "count_logs_found",
        filter_,
        handled=SEARCH | SPAN,
        **unlimited(search_of(account, integration_type, text)),
        facets=facets,
        **own,
    )
    return await statement.fetch(connection)


def _summary(integration_type: str, filter_: LogFilter, rows: list[Any], edges: list[datetime]) -> LogSummary:
    statuses = BY_NAME[integration_type].statuses
    by_status, by_affiliate = (
        Counter({row[name]: row["logs"] for row in rows if row["absent"] == absent})
        for name, absent in (("status", _BY_STATUS), ("affiliate", _BY_AFFILIATE))
    )
    by_code: Counter[str] = Counter()
    for row in rows:
        if row["absent"] == _BY_CODES:
            by_code.update(dict.fromkeys(row["codes"], row["logs"]))
    codes = by_code.most_common(MAX_CODES)
    return LogSummary(
        total=by_status.total(),
        by_status={status: by_status[status] for status in statuses},
        by_affiliate=dict(by_affiliate.most_common()),
        by_code=dict(codes),
        other_codes=by_code.total() - sum(logs for _code, logs in codes),
        histogram=_histogram(statuses, filter_, rows, edges),
    )


def _histogram(
    statuses: tuple[str, ...], filter_: LogFilter, rows: list[Any], edges: list[datetime]
) -> list[HistogramBar]:
    counts: dict[int, Counter[str]] = {}
    for row in rows:
        if row["absent"] == _BY_BAR:
            counts.setdefault(row["bar"], Counter())[row["status"]] += row["logs"]
    if not counts:
        return []
    return [
        HistogramBar(
            **{"from": max(start, filter_.processed_from or start)},
            to=min(end, filter_.processed_to or end),
            total=counts.get(number, Counter()).total(),
            by_status={status: counts.get(number, Counter())[status] for status in statuses},
        )
        for number, (start, end) in enumerate(pairwise(edges), start=1)
        if min(counts) <= number <= max(counts)
    ]
