"""The overview: what departs from its own usual, what differs from last week, and in which order that is said."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.incident import Incident, IncidentFacts, Kind, Severity, State
from schemas.overview.comparison import Comparison, Difference, begun, compare, difference
from schemas.overview.departure import Departure, Judged, judge
from schemas.overview.finding import findings
from schemas.overview.matrix import Known, judge_pairs, matrix
from schemas.overview.results import AccountResults, PairResults, count
from schemas.rhythm import Count, FreshnessState, Rhythm
from schemas.uneven import WEEK_HOURS

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
HOURS = 24


def rhythm(share: float = 0.03, rough: float = 0.02, pace: float = 50) -> Rhythm:
    return Rhythm(weeks=8, pace=(pace,) * WEEK_HOURS, shares=(share,) * WEEK_HOURS, rough=rough)


def results(*pairs: PairResults) -> AccountResults:
    edges = [NOW - DAY + HOUR * number for number in range(HOURS + 1)]
    return AccountResults("hour", "UTC", edges, [each - WEEK for each in edges], pairs)


def pair(
    now: list[int], before: list[int], affiliate: str = "MLB", type_: str = "price", *, each: int = 50
) -> PairResults:
    """Failures by hour, of `each` results of the hour."""

    def of(failures: list[int]) -> dict[str, list[int]]:
        return {"error": failures, "success": [each - number for number in failures]}

    return PairResults(type_, affiliate, of(now), of(before))


def incident(kind: Kind = Kind.FAILURE_SHARE, severity: Severity = "warning", **changes: Any) -> Incident:
    fields: dict[str, Any] = {
        "incident_id": 1,
        "account": "acme",
        "integration_type": "price",
        "affiliate": "MLB",
        "subject": "",
        "state": State.OPEN,
        "opened_at": NOW,
        "changed_at": NOW,
        "resolved_at": None,
        "facts": IncidentFacts(integration_types=["price"], kinds=[kind], count=10),
    }
    return Incident(**{**fields, "kind": kind, "severity": severity, **changes})


@pytest.mark.parametrize(
    ("came", "usual", "departure"),
    [
        (Count(1000, 30), 0.03, None),
        (Count(1000, 45), 0.03, None),  # within what single hours have
        (Count(1000, 90), 0.03, Departure.MORE),
        (Count(1000, 1000), 0.03, Departure.MORE),
        (Count(20, 4), 0.03, None),  # too few failures
        (Count(19, 19), 0.03, None),  # too few results
        (Count(1000, 90), 0.10, None),
        (Count(1000, 20), 0.10, Departure.FEWER),
        (Count(1000, 0), 0.01, None),  # there is no room below
        (Count(1000, 1000), 1.0, None),
        (Count(1000, 0), 0.0, None),
        (Count(0, 0), 0.03, None),
    ],
)
def test_a_share_departs_where_it_is_beyond_its_own_usual(
    came: Count, usual: float, departure: Departure | None
) -> None:
    found = judge(came, rhythm(usual), NOW - DAY, NOW)
    assert found.departure is departure
    assert found.usual == pytest.approx(usual)


@given(st.integers(20, 5000), st.floats(0, 1), st.floats(0, 1), st.floats(0.02, 0.3))
def test_no_share_departs_both_ways_nor_within_its_roughness(
    total: int, share: float, usual: float, rough: float
) -> None:
    came = Count(total, round(total * share))
    found = judge(came, rhythm(usual, rough), NOW - DAY, NOW).departure
    of = came.failures / came.results
    if found is not None:
        assert (of > usual + rough) is (found is Departure.MORE)
        assert (of < usual - rough) is (found is Departure.FEWER)
    # What departs does so with any number of failures that is further away.
    further = {Departure.MORE: Count(total, total), Departure.FEWER: Count(total, 0), None: came}[found]
    assert judge(further, rhythm(usual, rough), NOW - DAY, NOW).departure is found


def test_nothing_departs_from_what_is_not_known() -> None:
    assert judge(Count(1000, 1000), None, NOW - DAY, NOW) == Judged(None, None)


def test_a_usual_share_is_that_of_the_hours_of_the_span_by_their_results() -> None:
    """A busy hour that fails often weighs more than a quiet one. Hours without results have the share of the first."""
    busy = NOW.replace(minute=0)
    slot = (int(busy.timestamp()) // 3600) % WEEK_HOURS
    pace, shares = [10.0] * WEEK_HOURS, [0.1] * WEEK_HOURS
    pace[slot], shares[slot] = 90.0, 0.5
    learned = Rhythm(weeks=8, pace=tuple(pace), shares=tuple(shares), rough=0.02)
    assert learned.share_between(busy, busy + HOUR) == pytest.approx(0.5)
    assert learned.share_between(busy, busy + 2 * HOUR) == pytest.approx((45 + 1) / 100)
    assert learned.share_between(busy - 5 * WEEK, busy) == pytest.approx(learned.share_between(busy - WEEK, busy))
    assert rhythm(0.2, pace=0).share_between(NOW, NOW + DAY) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("now", "before", "judged", "found"),
    [
        (Count(1200, 200), Count(1200, 12), None, Difference.MORE_FAILURES),
        (Count(1200, 200), Count(1200, 12), Judged(None, 0.15), None),  # last week was better than usual
        (Count(1200, 200), Count(1200, 12), Judged(Departure.MORE, 0.01), Difference.MORE_FAILURES),
        (Count(1200, 200), Count(1200, 12), Judged(None, None), Difference.MORE_FAILURES),
        (Count(1200, 15), Count(1200, 12), None, None),
        (Count(30, 9), Count(1200, 12), None, Difference.FEWER_RESULTS),
        (Count(30, 9), Count(70, 1), None, None),
        (Count(40, 40), Count(19, 0), None, None),  # nothing to compare with
        (Count(0, 0), Count(1200, 12), None, Difference.FEWER_RESULTS),
        (Count(500, 5), Count(1200, 12), None, Difference.FEWER_RESULTS),
        (Count(500, 300), Count(1200, 12), None, Difference.MORE_FAILURES),
        (Count(500, 50), Count(1500, 50), Judged(None, 0.08), Difference.FEWER_RESULTS),
        (Count(500, 5), Count(1500, 300), None, Difference.FEWER_RESULTS),
        (Count(10, 0), Count(40, 0), None, None),
        (Count(1200, 2), Count(1200, 200), None, Difference.FEWER_FAILURES),
        (Count(1200, 2), Count(1200, 200), Judged(None, 0.01), None),
        (Count(1200, 2), Count(1200, 2), None, None),
    ],
)
def test_a_difference_is_said_where_it_is_large_and_not_usual(
    now: Count, before: Count, judged: Judged | None, found: Difference | None
) -> None:
    assert difference(now, before, judged) is found


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=30))
def test_it_began_where_the_greatest_stretch_begins(apart: list[int]) -> None:
    found = begun(apart)
    sums = {(start, end): sum(apart[start:end]) for start, end in itertools.combinations(range(len(apart) + 1), 2)}
    best = max(sums.values())
    assert found == 0 if best <= 0 else max(each for (start, _end), each in sums.items() if start == found) == best


@pytest.mark.parametrize("first", [0, 5, 23])
def test_comparisons_say_since_when_and_join_the_types_of_an_affiliate(first: int) -> None:
    quiet = [1] * HOURS
    worse = [1] * first + [45] * (HOURS - first)
    of = results(
        pair(worse, quiet),
        pair(worse, quiet, type_="orders"),
        pair(worse, quiet, "AMZ"),
        pair(quiet, quiet, "CRF"),
    )
    found = {each.affiliate: each for each in compare(of, {})}
    assert set(found) == {"MLB", "AMZ"}
    assert found["MLB"].integration_types == ("price", "orders")
    assert found["MLB"].since == of.edges[first]
    assert found["MLB"].now == Count(2 * HOURS * 50, 2 * sum(worse))
    assert compare(of, {("price", "AMZ"): Judged(None, 0.9)}) == [found["MLB"]]


@pytest.mark.parametrize("seed", range(5))
def test_every_kind_of_incident_and_difference_has_its_place(seed: int) -> None:
    """Critical first, then what explains others; then what is different from last week, what is better last."""
    severities: tuple[Severity, ...] = get_args(Severity)
    incidents = [
        incident(kind, severity, incident_id=number + 1, affiliate="AMZ")
        for number, (kind, severity) in enumerate(itertools.product(Kind, severities))
    ]
    comparisons = [Comparison(each, "MLB", ("orders",), Count(500, 90), Count(1000, 10), NOW) for each in Difference]
    draw = random.Random(seed)
    draw.shuffle(incidents)
    draw.shuffle(comparisons)
    found = findings(incidents, comparisons)
    told = [(each.incident.severity, each.incident.kind) for each in found if each.incident is not None]
    assert told == [(severity, kind) for severity in ("critical", "warning") for kind in reversed(Kind)]
    rest = [each.comparison.difference for each in found[len(incidents) :] if each.comparison is not None]
    assert rest == list(Difference)
    assert all(each.since == NOW for each in found)
    assert {each.incident.kind for each in found if each.incident is not None and not each.is_of_failures} == {
        Kind.SILENCE,
        Kind.DEAD_LETTERS_RISE,
    }


@pytest.mark.parametrize("difference_", Difference)
@pytest.mark.parametrize(
    ("affiliate", "types", "explains"),
    [
        ("MLB", ["price"], True),
        ("MLB", [], True),
        (None, ["price", "orders"], True),
        ("MLB", ["orders"], False),
        ("AMZ", ["price"], False),
    ],
)
def test_what_an_incident_explains_is_not_said_twice(
    difference_: Difference, affiliate: str | None, types: list[str], *, explains: bool
) -> None:
    compared = Comparison(difference_, "MLB", ("price",), Count(500, 90), Count(1000, 10), NOW)
    known = incident(affiliate=affiliate, facts=IncidentFacts(integration_types=types))
    assert len(findings([known], [compared])) == 1 + (not explains or difference_ is Difference.FEWER_FAILURES)


def test_the_same_kind_is_told_by_size_then_age() -> None:
    given_ = [
        incident(incident_id=1, facts=IncidentFacts(count=5, since=NOW)),
        incident(incident_id=2, facts=IncidentFacts(count=5, since=NOW - HOUR)),
        incident(incident_id=3, facts=IncidentFacts(count=50, since=NOW)),
        incident(incident_id=4, facts=IncidentFacts()),
    ]
    assert [each.incident.incident_id for each in findings(given_, []) if each.incident] == [3, 2, 1, 4]
    assert findings([], []) == []


def test_the_matrix_has_every_pair_and_those_that_depart_first() -> None:
    quiet, worse = [1] * HOURS, [30] * HOURS
    of = results(
        pair(quiet, quiet, "AAA"),
        pair(worse, quiet, "MLB"),
        pair(quiet, quiet, "MLB", "orders"),
        pair(worse, worse, "NEW"),
    )
    known = {
        ("price", "AAA"): Known(rhythm(), FreshnessState.FRESH, NOW),
        ("price", "MLB"): Known(rhythm(), FreshnessState.LATE, NOW),
        ("orders", "GONE"): Known(rhythm(), FreshnessState.SILENT, NOW - DAY),
    }
    judged = judge_pairs(of, known)
    rows = matrix(("orders", "price"), of, judged, known)
    assert [row.affiliate for row in rows] == ["MLB", "GONE", "NEW", "AAA"]
    assert {(row.affiliate, cell.integration_type): cell.judged.departure for row in rows for cell in row.cells} == {
        (name, type_): Departure.MORE if (name, type_) == ("MLB", "price") else None
        for name in ("MLB", "GONE", "NEW", "AAA")
        for type_ in ("orders", "price")
    }
    gone = rows[1].cells
    assert [cell.freshness for cell in gone] == [FreshnessState.SILENT, None]
    assert [cell.share for cell in gone] == [None, None]


def test_results_add_up_however_they_are_asked_for() -> None:
    draw = random.Random(7)
    given_ = [
        pair([draw.randint(0, 9) for _ in range(HOURS)], [0] * HOURS, affiliate, type_, each=9)
        for affiliate in ("MLB", "AMZ")
        for type_ in ("price", "orders")
    ]
    of = results(*given_)
    whole = of.of(None, [])
    assert sum(each["error"] for each in whole) == sum(count(each.now).failures for each in given_)
    for type_ in ("price", "orders"):
        series = of.of_type(type_)
        assert series.total == 2 * 9 * HOURS
        assert [each.counts.get("error", 0) for each in series.buckets] == [
            each["error"] for each in of.of(None, [type_])
        ]
        assert series.last_week is not None
        assert series.last_week.counts == {"success": 2 * 9 * HOURS}
    assert of.of_type("inventory").total == 0
    assert [each["error"] for each in of.of("MLB", ["price"])] == list(given_[0].now["error"])
