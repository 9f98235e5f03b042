"""Sources of one type of one affiliate: the silence of one beside others that go on is one incident, and names it."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from datetime import datetime, timedelta

import pytest

from schemas.incident import Edge, Kind
from schemas.rhythm import Count, FreshnessState, Rhythm, learn
from schemas.signal import (
    COUNTED_WITHIN,
    LONGEST_SILENCE,
    REPLACED_WITHIN,
    Figures,
    Pair,
    SourcePair,
    fresh,
    fresh_source,
    signals,
)
from tests.support.seeded_days import HOUR, MINUTE, STEP, Book, Flow, Store, minutes

TYPES = ("orders", "price")


class Connectors:
    """A marketplace to which several connectors deliver, as its counters would be: of each source, and of all."""

    def __init__(self, *sources: str, per_hour: float = 120) -> None:
        # The store's affiliates are the sources here: what is counted of a pair there is counted of a source.
        self.store = Store(7, [Flow(type_, source, per_hour) for type_ in TYPES for source in sources])
        self.book = Book()
        self.silent: set[str] = set()
        self._rhythms = {type_: self._learned(type_) for type_ in TYPES}

    def _learned(self, type_: str) -> Rhythm | None:
        hours, steps = (
            _added(of_source for name, of_source in counts.items() if name[0] == type_)
            for counts in (self.store.hours, self.store.steps)
        )
        mine = [name for name in self.store.first if name[0] == type_]
        return learn(
            min(self.store.first[each] for each in mine), max(self.store.last[each] for each in mine), hours, steps
        )

    @property
    def figures(self) -> Figures:
        alone = self.store.figures()
        sources = [
            SourcePair(each.affiliate, self.store.first[each[:2]], each._replace(affiliate="MLB"))
            for each in alone.pairs
        ]
        return alone._replace(pairs=[self._together(type_, alone.pairs) for type_ in TYPES], sources=sources)

    def _together(self, type_: str, pairs: Iterable[Pair]) -> Pair:
        mine = [each for each in pairs if each.integration_type == type_]
        last = max(each.last for each in mine)
        return Pair(type_, "MLB", self._rhythms[type_], last, _added(each.steps for each in mine))

    def live(self, hours: float) -> None:
        """Let time pass, with a judgement in each step."""
        for _now in minutes(self.store.now, self.store.now + hours * HOUR, STEP):
            for flow in self.store.flows:
                if flow.affiliate not in self.silent:
                    self.store.arrive(flow, STEP)
            self.store.now += STEP
            self.book.judge(self.figures)

    def states(self, type_: str) -> tuple[FreshnessState | None, dict[str, FreshnessState | None]]:
        """Return the freshness of a type, and that of each of its sources."""
        figures = self.figures
        [pair] = [each for each in figures.pairs if each.integration_type == type_]
        mine = [each for each in figures.sources if each.pair.integration_type == type_]
        return fresh(figures, pair).state, {each.source: fresh_source(figures, each).state for each in mine}


def _added(counts: Iterable[Mapping[datetime, Count]]) -> dict[datetime, Count]:
    found: dict[datetime, Count] = {}
    for each in counts:
        for at, count in each.items():
            before = found.get(at, Count(0, 0))
            found[at] = Count(before.results + count.results, before.failures + count.failures)
    return found


@pytest.fixture(scope="module")
def morning() -> Connectors:
    """Two connectors at ten in the morning."""
    connectors = Connectors("a", "b")
    connectors.live(10)
    assert connectors.book.told == []
    return connectors


@pytest.fixture
def two(morning: Connectors) -> Connectors:
    """Two connectors of which nothing was to be told so far."""
    return deepcopy(morning)


def test_the_silence_of_one_beside_another_is_one_incident_over_its_types_and_over_by_itself(two: Connectors) -> None:
    two.silent = {"b"}
    two.live(2)
    assert two.states("price") == (FreshnessState.FRESH, {"a": FreshnessState.FRESH, "b": FreshnessState.SILENT})
    [opened] = two.book.opened()
    assert (opened.kind, opened.affiliate) == (Kind.SILENCE, "MLB")
    [one] = two.book.open
    assert (one.subject, one.facts.sources) == ("b", ["b"])
    assert one.facts.integration_types == list(TYPES)
    assert one.facts.since == max(two.store.last[type_, "b"] for type_ in TYPES)
    two.silent = set()
    two.live(1)
    assert two.book.open == []
    assert [each.edge for each in two.book.told if each.edge is not Edge.ESCALATED] == [Edge.OPENED, Edge.RESOLVED]


def test_the_silence_of_all_is_no_ones_alone(two: Connectors) -> None:
    two.silent = {"a", "b"}
    two.live(2)
    [one] = two.book.open
    assert (one.subject, one.facts.sources) == ("", [])


def test_one_that_stays_silent_after_all_were_is_what_the_incident_is_about(two: Connectors) -> None:
    two.silent = {"a", "b"}
    two.live(2)
    two.silent = {"b"}
    two.live(1)
    [one] = two.book.open
    assert one.facts.sources == ["b"]
    assert [each.edge for each in two.book.opened()] == [Edge.OPENED]


def test_counts_that_are_not_written_yet_are_nobodys_silence(two: Connectors) -> None:
    """Counts are as late as their writing: a source is judged as of then."""
    figures = two.figures
    [price] = [each for each in figures.sources if each[0] == "b" and each.pair.integration_type == "price"]
    found = fresh_source(figures, price)
    assert found.silent_from is not None
    for late, state in ((timedelta(0), FreshnessState.LATE), (COUNTED_WITHIN, FreshnessState.SILENT)):
        later = figures._replace(as_of={"price": found.silent_from + late})
        assert fresh_source(later, price).state is state


@pytest.mark.parametrize("begun", [-REPLACED_WITHIN + MINUTE, MINUTE, 2 * HOUR])
def test_a_source_that_another_took_the_place_of_is_no_incident(two: Connectors, begun: timedelta) -> None:
    two.silent = {"b"}
    two.store.now += 3 * HOUR
    figures = two.figures
    last = max(two.store.last[type_, "b"] for type_ in TYPES)
    going_on = [
        each._replace(pair=each.pair._replace(last=figures.now)) for each in figures.sources if each.source == "a"
    ]
    gone = [each for each in figures.sources if each.source == "b"]
    pairs = [each._replace(last=figures.now) for each in figures.pairs]
    successor = [SourcePair("c", last + begun, each.pair._replace(rhythm=None)) for each in going_on]
    told = signals(figures._replace(pairs=pairs, sources=[*going_on, *gone]))
    assert {each.subject for each in told} == {"b"}
    assert signals(figures._replace(pairs=pairs, sources=[*going_on, *gone, *successor])) == []


def test_a_source_that_was_left_for_good_is_told_no_longer(two: Connectors) -> None:
    figures = two.figures
    until = figures.now + LONGEST_SILENCE + COUNTED_WITHIN
    for later, subjects in ((until - HOUR, {"b"}), (until, set())):
        going_on = [
            each._replace(pair=each.pair._replace(last=later)) for each in figures.sources if each.source == "a"
        ]
        gone = [each for each in figures.sources if each.source == "b"]
        found = signals(
            Figures(
                later,
                dict.fromkeys(TYPES, later),
                figures.whole_since,
                pairs=[each._replace(last=later) for each in figures.pairs],
                sources=[*going_on, *gone],
            )
        )
        assert {each.subject for each in found} == subjects


def test_a_source_without_two_weeks_of_results_is_not_judged(two: Connectors) -> None:
    figures = two.figures
    later = figures.now + 5 * HOUR
    new = [each._replace(pair=each.pair._replace(rhythm=None)) for each in figures.sources]
    at = figures._replace(
        as_of=dict.fromkeys(TYPES, later), pairs=[each._replace(last=later) for each in figures.pairs], sources=new
    )
    assert signals(at) == []
    assert {fresh_source(at, each).state for each in new} == {None}
