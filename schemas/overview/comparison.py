"""The last hours beside the same hours last week: what is different enough to be said, and since when."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from math import log
from typing import Final, NamedTuple

from schemas.overview.departure import Departure, Judged
from schemas.overview.results import AccountResults, PairResults, count, counts
from schemas.rhythm import Count
from schemas.signal import surprise

#: Results of a week before which nothing is compared, and by how many results or failures it must differ.
MIN_RESULTS: Final = 20
MIN_FAILURES: Final = 10
MIN_FEWER: Final = 50
#: Times by which a share or a number of results must have grown or shrunk.
TIMES: Final = 2
#: Negative logarithm of the chance by which the share of last week would do the same: one in ten thousand.
CHANCE: Final = log(10_000)


class Difference(StrEnum):
    """Kinds of differences from last week, the worst first."""

    MORE_FAILURES = "more_failures"
    FEWER_RESULTS = "fewer_results"
    FEWER_FAILURES = "fewer_failures"


class Comparison(NamedTuple):
    """One difference of an affiliate, of all types that show it, the one with the largest difference first."""

    difference: Difference
    affiliate: str
    integration_types: tuple[str, ...]
    now: Count
    week_before: Count
    since: datetime

    @property
    def size(self) -> float:
        """Results that are different, by the share or number of last week."""
        before, now = self.week_before, self.now
        if self.difference is Difference.FEWER_RESULTS:
            return before.results - now.results
        return abs(now.failures - now.results * before.failures / before.results)


def compare(results: AccountResults, judged: Mapping[tuple[str, str], Judged]) -> list[Comparison]:
    """Return the differences of each affiliate. `judged`: shares by type and affiliate, which last week's may not be.

    What is usual for these hours is no difference, however good last week was.
    """
    compared = (
        _compare(each, results.edges, judged.get((each.integration_type, each.affiliate))) for each in results.pairs
    )
    found: dict[tuple[Difference, str], Comparison] = {}
    for one in sorted(filter(None, compared), key=lambda each: -each.size):
        known = found.get((one.difference, one.affiliate))
        found[one.difference, one.affiliate] = one if known is None else _together(known, one)
    return list(found.values())


def is_comparable(results: AccountResults) -> bool:
    """Return True when any type of an affiliate had enough results last week to be compared with."""
    return any(count(each.week_before).results >= MIN_RESULTS for each in results.pairs)


def difference(now: Count, before: Count, judged: Judged | None) -> Difference | None:
    """Return the difference of two counts; None where it is none, or too little to say."""
    if before.results < MIN_RESULTS:
        return None
    share, better = before.failures / before.results, False
    more = now.failures - share * now.results
    # One more than there were: a share of nothing can't be exceeded by chance.
    beyond = now.results > 0 and surprise(now, (before.failures + 1) / (before.results + 2)) >= CHANCE
    if beyond and more >= MIN_FAILURES and now.failures >= TIMES * share * now.results:
        if _is_unusual(judged, Departure.MORE):
            return Difference.MORE_FAILURES
    elif beyond and -more >= MIN_FAILURES and TIMES * now.failures <= share * now.results:
        better = _is_unusual(judged, Departure.FEWER)
    if before.results - now.results >= MIN_FEWER and TIMES * now.results <= before.results:
        return Difference.FEWER_RESULTS
    return Difference.FEWER_FAILURES if better else None


def _is_unusual(judged: Judged | None, departure: Departure) -> bool:
    """Return True for a share that departs in this way from its usual, or of which none is known."""
    return judged is None or judged.usual is None or judged.departure is departure


def _compare(pair: PairResults, edges: Sequence[datetime], judged: Judged | None) -> Comparison | None:
    now, before = count(pair.now), count(pair.week_before)
    found = difference(now, before, judged)
    if found is None:
        return None
    buckets = len(edges) - 1
    apart = list(_apart(found, now, before, counts(pair.now, buckets), counts(pair.week_before, buckets)))
    return Comparison(found, pair.affiliate, (pair.integration_type,), now, before, edges[begun(apart)])


def _apart(
    found: Difference, now: Count, before: Count, hours: Sequence[Count], weeks: Sequence[Count]
) -> Iterator[float]:
    """Yield for each bucket how much nearer it is to the level of now than to that of last week; negative: further."""
    if found is Difference.FEWER_RESULTS:
        middle = (1 + now.results / before.results) / 2
        yield from (week.results * middle - hour.results for hour, week in zip(hours, weeks, strict=True))
        return
    middle = (now.failures / now.results + before.failures / before.results) / 2
    sign = 1 if found is Difference.MORE_FAILURES else -1
    yield from (sign * (hour.failures - middle * hour.results) for hour in hours)


def begun(apart: Sequence[float]) -> int:
    """Return where the stretch with the greatest sum begins; the first of several, 0 where nothing is above zero."""
    best, at = 0.0, 0
    total, start = 0.0, 0
    for place, each in enumerate(apart):
        if total <= 0:
            total, start = 0.0, place
        total += each
        if total > best:
            best, at = total, start
    return at


def _together(one: Comparison, other: Comparison) -> Comparison:
    return one._replace(
        integration_types=(*one.integration_types, *other.integration_types),
        now=_sum(one.now, other.now),
        week_before=_sum(one.week_before, other.week_before),
        since=min(one.since, other.since),
    )


def _sum(one: Count, other: Count) -> Count:
    return Count(one.results + other.results, one.failures + other.failures)
