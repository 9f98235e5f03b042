"""Reader of the series: results over time, from the counts that the fold keeps of them, and last week's beside them."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import accumulate
from operator import gt
from typing import Any, Final, NamedTuple, get_args
from zoneinfo import ZoneInfo

from schemas.catalogue import Status
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

#: Columns of counts by affiliate.
_STATUSES: Final[tuple[Status, ...]] = get_args(Status)


class _OfName(NamedTuple):
    """Results of one name, by bucket."""

    name: str
    buckets: Sequence[int]  # from 1 on; a bucket that is not among them has none
    results: Sequence[int]


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
            for name, results in each.items():
                counts[name] += results
        total, other = sum(self.totals), sum(self.others)
        return _fields(self.edges[0], self.edges[-1], total, _most_first(counts), other)

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
    async with database.snapshot(account) as connection:
        found = await _count(connection, query, edges, bucket, [], **own)
        before = None
        if query.last_week:
            before = await _count(connection, query, earlier, bucket, set().union(*found.named), **own)

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
    for integration_type in integration_types:
        own = {"account": account, "integration_type": integration_type}
        current = await _by_affiliate(connection, edges, bucket, **own)
        before = await _by_affiliate(connection, earlier, bucket, **own)
        pairs += [
            PairResults(integration_type, each, current.get(each, {}), before.get(each, {}))
            for each in sorted({*current, *before})
        ]
    return AccountResults(bucket, query.timezone, edges, earlier, pairs)


def _buckets(query: SeriesQuery, now: datetime) -> tuple[Bucket, list[datetime], list[datetime]]:
    """Return the bucket of a query, the edges of its buckets, and those edges one week before. Nobody may change them.

    Raises ReasonError as `read_series`.
    """
    span = Span(*query.span(now))
    bucket = query.bucket_of(span)
    return bucket, *_both_edges(span, bucket, query.timezone)


@lru_cache(maxsize=64)  # pages and scripts ask for the same hours again and again
def _both_edges(span: Span, bucket: Bucket, timezone: str) -> tuple[list[datetime], list[datetime]]:
    zone = ZoneInfo(timezone)
    edges = _edges(span, bucket, zone)
    # An hour that a clock put back shows twice is one of the week before: its second bucket has nothing.
    return edges, list(accumulate((week_before(edge, zone) for edge in edges), max))


def _edges(span: Span, bucket: Bucket, zone: tzinfo) -> list[datetime]:
    """Return the edges of the buckets of a span; the first and the last bucket are cut to it."""
    inner = (edge for edge in bars(span, DAY if bucket == "day" else HOUR, zone) if span.start < edge < span.end)
    return [span.start, *inner, span.end]


def _kept(edges: list[datetime], bucket: Bucket) -> dict[str, Any]:
    """Return the parameters of a count that say which days and hours are counted."""
    parts = take_apart(edges[0], edges[-1], days=bucket == "day")
    kept = {name: at for name, at in parts.edges.items() if not name.startswith("logs_")}
    return {"edges": edges, "moved": moved(parts.days, edges), **kept}


async def _by_affiliate(
    connection: Connection, edges: list[datetime], bucket: Bucket, **own: Any
) -> dict[str, dict[str, list[int]]]:
    """Return the results of each bucket by affiliate and status; a status without any is left out."""
    every = {"by_affiliate": True, "affiliate": (), "exclude_affiliate": ()}
    rows = await SQL["count_results"].fetch(connection, **_kept(edges, bucket), **own, **every)
    found: dict[str, dict[str, list[int]]] = {}
    for row in rows:
        of_affiliate = {status: _placed(row["buckets"], row[status], len(edges) - 1) for status in _STATUSES}
        found[row["affiliate"]] = {status: results for status, results in of_affiliate.items() if any(results)}
    return found


def _placed(numbers: Sequence[int], results: Sequence[int], buckets: int) -> list[int]:
    """Return the results of every bucket, of those of some that are numbered from 1 on."""
    placed = [0] * buckets
    for number, counted in zip(numbers, results, strict=True):
        placed[number - 1] = counted
    return placed


async def _count(
    connection: Connection,
    query: SeriesQuery,
    edges: list[datetime],
    bucket: Bucket,
    names: Collection[str],
    **own: Any,
) -> _Counts:
    """Count the results between each edge and the next, those of `names` and of the most frequent others by name."""
    own |= _kept(edges, bucket)
    if query.by == "code" or query.code or query.exclude_code:
        chosen = {name: getattr(query, name) for name in ("by", *REPEATABLE_OF_SERIES)}
        return await _count_codes(connection, _none(edges), names, own | chosen)
    own |= {name: getattr(query, name) for name in ("affiliate", "exclude_affiliate")}
    rows = await SQL["count_results"].fetch(connection, **own, by_affiliate=query.by == "affiliate")
    return await _named(_by_name(rows, query), _none(edges), names)


def _by_name(rows: Iterable[Any], query: SeriesQuery) -> Iterator[_OfName]:
    """Yield the results of each status or affiliate that a query tells apart."""
    statuses = [each for each in _STATUSES if not query.status or each in query.status]
    for row in rows:
        if query.by == "status":
            for status in statuses:
                yield _OfName(status, row["buckets"], row[status])
        else:
            yield _OfName(
                row["affiliate"], row["buckets"], list(map(sum, zip(*(row[each] for each in statuses), strict=True)))
            )


async def _named(found: Iterable[_OfName], counts: _Counts, names: Collection[str]) -> _Counts:
    """Count by name those of `names`, and the most frequent others."""
    most_first = sorted((each for each in found if any(each.results)), key=lambda each: (-sum(each.results), each.name))
    others = [each.name for each in most_first if each.name not in names]
    shown = {*names, *others[: MAX_NAMES - len(names)]}
    slices = Slices()
    for name, buckets, of_name in most_first:
        for number, results in zip(buckets, of_name, strict=True):
            counts.totals[number - 1] += results
            if name not in shown:
                counts.others[number - 1] += results
            elif results:
                counts.named[number - 1][name] = results
        await slices.end_one()
    return counts._replace(named=await in_slices(_most_first, counts.named))


async def _count_codes(
    connection: Connection, counts: _Counts, names: Collection[str], own: Mapping[str, Any]
) -> _Counts:
    # The facets of a type are few by the planner's guess: it would add up the hours anew for each of them.
    await connection.execute("SET LOCAL enable_nestloop = off")
    slices = Slices()
    most = MAX_NAMES - len(names)
    async for row in SQL["count_results_with_codes"].rows(connection, **own, names=list(names), most=most):
        number, of_name = row["bucket"] - 1, dict(zip(row["names"], row["results"], strict=True))
        if row["named"]:
            counts.others[number] = of_name.pop(None, 0)
            counts.named[number] = of_name
        else:
            counts.totals[number] = of_name[None]
        await slices.end_one()
    return counts


def _most_first(counts: dict[str, int]) -> dict[str, int]:
    results = list(counts.values())
    if all(map(gt, results, results[1:])):  # as most are already: what is most frequent in all comes first
        return counts
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _none(edges: list[datetime]) -> _Counts:
    buckets = range(len(edges) - 1)
    return _Counts(edges, [0 for _ in buckets], [{} for _ in buckets], [0 for _ in buckets])
