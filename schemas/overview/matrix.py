"""The matrix of affiliates and types: shares of failures beside their usual, and how fresh the results are."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from schemas.overview.departure import Departure, Judged, judge
from schemas.overview.results import AccountResults, count
from schemas.rhythm import Count, FreshnessState, Rhythm

#: Integration type and affiliate.
Pair = tuple[str, str]


class Known(NamedTuple):
    """Rhythm and freshness of a type of an affiliate, whatever the span."""

    rhythm: Rhythm | None
    freshness: FreshnessState | None
    last_result_at: datetime


class Cell(NamedTuple):
    """One type of one affiliate."""

    integration_type: str
    came: Count  # in the span
    judged: Judged
    freshness: FreshnessState | None  # None: not known
    last_result_at: datetime | None  # None: not known, or there never was one

    @property
    def share(self) -> float | None:
        """Return the share of results that failed, 0 to 1; None without results."""
        return self.came.failures / self.came.results if self.came.results else None


class Row(NamedTuple):
    """One affiliate, with a cell for each type."""

    affiliate: str
    cells: Sequence[Cell]


def judge_pairs(results: AccountResults, known: Mapping[Pair, Known]) -> dict[Pair, Judged]:
    """Judge the share of failures of each type and affiliate that has results in the span, or had last week."""
    start, end = results.edges[0], results.edges[-1]
    found = {}
    for each in results.pairs:
        pair = (each.integration_type, each.affiliate)
        rhythm = known[pair].rhythm if pair in known else None
        found[pair] = judge(count(each.now), rhythm, start, end)
    return found


def matrix(
    types: Sequence[str], results: AccountResults, judged: Mapping[Pair, Judged], known: Mapping[Pair, Known]
) -> list[Row]:
    """Return a row for each affiliate that is known or has results, those that depart from their usual first."""
    came = {(each.integration_type, each.affiliate): count(each.now) for each in results.pairs}
    affiliates = {affiliate for _type, affiliate in (*came, *known)}
    rows = [
        Row(affiliate, [_cell((each, affiliate), came, judged, known) for each in types]) for affiliate in affiliates
    ]
    return sorted(rows, key=_place)


def _cell(pair: Pair, came: Mapping[Pair, Count], judged: Mapping[Pair, Judged], known: Mapping[Pair, Known]) -> Cell:
    of_pair = known.get(pair)
    return Cell(
        integration_type=pair[0],
        came=came.get(pair, Count(0, 0)),
        judged=judged.get(pair, Judged(None, None)),
        freshness=of_pair.freshness if of_pair else None,
        last_result_at=of_pair.last_result_at if of_pair else None,
    )


def _place(row: Row) -> tuple[int, int, int, int, str]:
    more = sum(each.judged.departure is Departure.MORE for each in row.cells)
    silent, late = (
        sum(each.freshness is state for each in row.cells) for state in (FreshnessState.SILENT, FreshnessState.LATE)
    )
    return -more, -silent, -late, -sum(each.came.failures for each in row.cells), row.affiliate
