"""Results of an account over a span, by type, affiliate, status and bucket, beside the same local times last week."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.rhythm import Count
from schemas.series import Bucket, CountedResults, ResultSeries, SeriesBucket

#: Results of each bucket, by status.
ByStatus = Mapping[str, Sequence[int]]
_FAILED = "error"


class PairResults(NamedTuple):
    """Results of one type of one affiliate. A status without any is left out."""

    integration_type: str
    affiliate: str
    now: ByStatus
    week_before: ByStatus


class AccountResults(NamedTuple):
    """Results of every type and affiliate that has any in the span or in the week before."""

    bucket: Bucket
    timezone: str
    edges: Sequence[datetime]  # of the buckets, one more than there are
    week_edges: Sequence[datetime]  # one week before
    pairs: Sequence[PairResults]

    def of(self, affiliate: str | None, integration_types: Sequence[str]) -> list[Counter[str]]:
        """Return the results of each bucket by status: of every affiliate for None, of every type for an empty list."""
        return _by_bucket(
            len(self.edges) - 1,
            (
                each.now
                for each in self.pairs
                if affiliate in (None, each.affiliate)
                and (not integration_types or each.integration_type in integration_types)
            ),
        )

    def of_type(self, integration_type: str) -> ResultSeries:
        """Return the series of one type, by status."""
        own = [each for each in self.pairs if each.integration_type == integration_type]
        now = _by_bucket(len(self.edges) - 1, (each.now for each in own))
        before = _by_bucket(len(self.week_edges) - 1, (each.week_before for each in own))
        weeks = [
            CountedResults(**_fields(start, end, counts))
            for start, end, counts in zip(self.week_edges, self.week_edges[1:], before, strict=False)
        ]
        return ResultSeries(
            bucket=self.bucket,
            timezone=self.timezone,
            by="status",
            **_fields(self.edges[0], self.edges[-1], sum(now, Counter())),
            last_week=CountedResults(**_fields(self.week_edges[0], self.week_edges[-1], sum(before, Counter()))),
            buckets=[
                SeriesBucket(**_fields(start, end, counts), last_week=week)
                for start, end, counts, week in zip(self.edges, self.edges[1:], now, weeks, strict=False)
            ],
        )


def count(results: ByStatus) -> Count:
    """Add up results, and those of them that failed."""
    return Count(sum(map(sum, results.values())), sum(results.get(_FAILED, ())))


def counts(results: ByStatus, buckets: int) -> list[Count]:
    """Return the results of each bucket, and those of them that failed."""
    found = _by_bucket(buckets, [results])
    return [Count(each.total(), each[_FAILED]) for each in found]


def _by_bucket(buckets: int, results: Iterable[ByStatus]) -> list[Counter[str]]:
    found: list[Counter[str]] = [Counter() for _ in range(buckets)]
    for by_status in results:
        for status, of_status in by_status.items():
            for counter, number in zip(found, of_status, strict=True):
                if number:
                    counter[status] += number
    return found


def _fields(start: datetime, end: datetime, by_status: Counter[str]) -> dict[str, Any]:
    return {"from": start, "to": end, "total": by_status.total(), "counts": dict(by_status.most_common()), "other": 0}
