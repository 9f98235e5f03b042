"""Reader of the series: results over time, from the counts that the fold keeps of them, and last week's beside them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from itertools import accumulate
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas.overview.results import AccountResults, PairResults
from schemas.series import (
    MAX_NAMES,
    REPEATABLE_OF_SERIES,
    Bucket,
    CountedResults,
    ResultSeries,
    SeriesBucket,
    SeriesQuery,
)
from storage.database import Connection, Database
from storage.logs.spans import DAY, HOUR, Span, bars, moved, take_apart, week_before
from storage.slices import Slices, in_slices
from storage.statements import SQL


class _Counts(NamedTuple):
    """Counts between each edge and the next."""

    edges: list[datetime]
    totals: list[int]
    named: list[dict[str, int]]
    others: list[int]  # of all names that are not counted by name

    def whole(self) -> dict[str, Any]:
        """Return the fields of CountedResults, of all buckets as one."""
        counts: Counter[str] = Counter()
        for each in self.named:
            counts.update(each)
        total, other = sum(self.totals), sum(self.others)
        most_first = dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
        return _fields(self.edges[0], self.edges[-1], total, most_first, other)

    def buckets(self) -> Iterator[dict[str, Any]]:
        """Yield the fields of CountedResults, of each bucket."""
        starts, ends = self.edges[:-1], self.edges[1:]
        return map(_fields, starts, ends, self.totals, self.named, self.others)


def _fields(start: datetime, end: datetime, total: int, counts: dict[str, int], other: int) -> dict[str, Any]:
    return {"from": start, "to": end, "total": total, "counts": counts, "other": other}


async def read_series(
    database: Database, account: str, integration_type: str, query: SeriesQuery, now: datetime
) -> ResultSeries:
    """Count results, exactly as they are at one moment. `now` is the end of a span without one.

    Raises ReasonError when the span is longer than its bucket allows.
    """
    bucket, edges, earlier = _buckets(query, now)
    own = {"account": account, "integration_type": integration_type}
    own |= {name: getattr(query, name) for name in ("by", *REPEATABLE_OF_SERIES)}
    async with database.snapshot(account) as connection:
        # The facets of a type are few by the planner's guess: it would add up the hours anew for each of them.
        await connection.execute("SET LOCAL enable_nestloop = off")
        found = await _count(connection, edges, bucket, names=[], most=MAX_NAMES, **own)
        before = None
        if query.last_week:
            names = list(set().union(*found.named))
            before = await _count(connection, earlier, bucket, names=names, most=MAX_NAMES - len(names), **own)

    weeks = [None] * len(found.totals) if before is None else before.buckets()
    return ResultSeries(
        bucket=bucket,
        timezone=query.timezone,
        by=query.by,
        **found.whole(),
        last_week=None if before is None else CountedResults(**before.whole()),
        buckets=await in_slices(_bucket, zip(found.buckets(), weeks, strict=True)),
    )


def _bucket(counts: tuple[dict[str, Any], dict[str, Any] | None]) -> SeriesBucket:
    """Return a bucket of these fields, beside those of last week."""
    now, week = counts
    return SeriesBucket(**now, last_week=None if week is None else CountedResults(**week))


async def read_account_results(
    connection: Connection, account: str, integration_types: Iterable[str], query: SeriesQuery, now: datetime
) -> AccountResults:
    """Count the results of each type by affiliate and status, over the span of a query that chooses nothing else.

    Two statements for each type, in the caller's snapshot. Raises ReasonError as `read_series`.
    """
    bucket, edges, earlier = _buckets(query, now)
    pairs = []
    await connection.execute("SET LOCAL enable_nestloop = off")
    for integration_type in integration_types:
        own = {"account": account, "integration_type": integration_type}
        current = await _by_affiliate(connection, edges, bucket, **own)
        before = await _by_affiliate(connection, earlier, bucket, **own)
        pairs += [
            PairResults(integration_type, each, current.get(each, {}), before.get(each, {}))
            for each in sorted({*current, *before})
        ]
    await connection.execute("SET LOCAL enable_nestloop = on")
    return AccountResults(bucket, query.timezone, edges, earlier, pairs)


def _buckets(query: SeriesQuery, now: datetime) -> tuple[Bucket, list[datetime], list[datetime]]:
    """Return the bucket of a query, the edges of its buckets, and those edges one week before."""
    span, zone = Span(*query.span(now)), ZoneInfo(query.timezone)
    bucket = query.bucket_of(span)
    edges = _edges(span, bucket, zone)
    # An hour that a clock put back shows twice is one of the week before: its second bucket has nothing.
    return bucket, edges, list(accumulate((week_before(edge, zone) for edge in edges), max))


def _edges(span: Span, bucket: Bucket, zone: tzinfo) -> list[datetime]:
    """Return the edges of the buckets of a span; the first and the last bucket are cut to it."""
    inner = (edge for edge in bars(span, DAY if bucket == "day" else HOUR, zone) if span.start < edge < span.end)
    return [span.start, *inner, span.end]


def _kept(edges: list[datetime], bucket: Bucket) -> dict[str, Any]:
    """Return the parameters of `results_to_count` that say which days and hours are counted."""
    parts = take_apart(edges[0], edges[-1], days=bucket == "day")
    kept = {name: at for name, at in parts.edges.items() if not name.startswith("logs_")}
    return {"edges": edges, "moved": moved(parts.days, edges), **kept}


async def _by_affiliate(
    connection: Connection, edges: list[datetime], bucket: Bucket, **own: Any
) -> dict[str, dict[str, list[int]]]:
    """Return the results of each bucket by affiliate and status."""
    found: dict[str, dict[str, list[int]]] = {}
    for row in await SQL["count_results_by_affiliate"].fetch(connection, **_kept(edges, bucket), **own):
        results = found.setdefault(row["affiliate"], {})[row["status"]] = [0] * (len(edges) - 1)
        for number, counted in zip(row["buckets"], row["results"], strict=True):
            results[number - 1] = counted
    return found


async def _count(connection: Connection, edges: list[datetime], bucket: Bucket, **own: Any) -> _Counts:
    buckets = range(len(edges) - 1)
    counts = _Counts(edges, [0 for _ in buckets], [{} for _ in buckets], [0 for _ in buckets])
    slices = Slices()
    async for row in SQL["count_results"].rows(connection, **_kept(edges, bucket), **own):
        number, of_name = row["bucket"] - 1, dict(zip(row["names"], row["results"], strict=True))
        if row["named"]:
            counts.others[number] = of_name.pop(None, 0)
            counts.named[number] = of_name
        else:
            counts.totals[number] = of_name[None]
        await slices.end_one()
    return counts
