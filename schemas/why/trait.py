"""Traits: what the affected have in common and the others have not."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import erfc, log, sqrt
from typing import Any, Final, NamedTuple

from schemas.interval import wilson
from schemas.why.result import OF_BODIES, OF_CONNECTORS, OF_ENTITIES, OF_ERRORS, Dimension, Feature, Looked

#: Affected results with it, and others to compare with, below which nothing is said.
MIN_AFFECTED, MIN_OTHERS = 8, 12
#: Share of the affected that have it in common: half of them at least.
_COMMON: Final = 0.5
#: Points by which it is more frequent among the affected than among the others, by the lower end of the interval.
_POINTS: Final = 0.15
#: Chance by which any of all features that are looked at would be so much more frequent.
_CHANCE: Final = 0.001
#: Limits of the 95 % interval: 2.5 % on either side.
_Z_95: Final = 1.959963984540054
#: Share of results in which two features agree so that nobody can tell which of the two it is.
_THE_SAME: Final = 0.97
#: A value that came up so long before the beginning, or a little after it, may be why.
_CAME_UP_BEFORE, _CAME_UP_AFTER = timedelta(hours=2), timedelta(minutes=1)
_CAME_UP_CHANCE: Final = 0.01
#: Dimensions of which one value says all: a longer prefix says more of the same, as a longer part of a day does less.
_ONE_OF: Final = frozenset[Dimension]({"key_prefix", "hour"})


class Shares(NamedTuple):
    """Numbers of the affected that have a feature, and of the others."""

    affected: int
    affected_of: int
    others: int
    others_of: int

    @property
    def points(self) -> float:
        """Difference of both shares, from -1 to 1: positive where the affected have it more often."""
        return self.affected / self.affected_of - self.others / self.others_of

    @property
    def lift(self) -> float | None:
        """Ratio of both shares; None where none of the others has it."""
        return (self.affected / self.affected_of) / (self.others / self.others_of) if self.others else None

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval of `points` (Newcombe's, of two Wilson intervals)."""
        one, other = (
            wilson(self.affected, self.affected_of, _Z_95),
            wilson(self.others, self.others_of, _Z_95),
        )
        if one is None or other is None:
            return -1.0
        below = self.affected / self.affected_of - one.low
        above = other.high - self.others / self.others_of
        return self.points - sqrt(below * below + above * above)

    @property
    def chance(self) -> float:
        """The chance of such a difference where there is none, by the likelihood ratio (one degree of freedom)."""
        cells = (
            (self.affected, self.affected_of, self.affected + self.others),
            (self.affected_of - self.affected, self.affected_of, self._without),
            (self.others, self.others_of, self.affected + self.others),
            (self.others_of - self.others, self.others_of, self._without),
        )
        both = self.affected_of + self.others_of
        ratio = 2 * sum(count * log(count * both / (of * having)) for count, of, having in cells if count)
        return erfc(sqrt(max(ratio, 0.0) / 2))

    @property
    def _without(self) -> int:
        return self.affected_of + self.others_of - self.affected - self.others

    @property
    def is_enough(self) -> bool:
        """True when there are enough of both to say something."""
        return self.affected >= MIN_AFFECTED and self.others_of >= MIN_OTHERS

    def is_distinct(self, tests: int = 1) -> bool:
        """Return True for a difference that is large, and none of `tests` by chance."""
        return (
            self.is_enough
            and self.affected >= _COMMON * self.affected_of
            and self.low >= _POINTS
            and self.chance * tests <= _CHANCE
        )


class Trait(NamedTuple):
    """A feature that the affected have, with those that can't be told from it."""

    feature: Feature
    is_missing: bool  # the affected lack it, where the others have it
    shares: Shares
    since: datetime | None  # the first result with it, where that came up just before the beginning
    also: list[tuple[Feature, bool]]  # True: the affected lack it

    @property
    def strength(self) -> float:
        """Measure of how well it tells the affected from the others, from 0 to 1: the lower end of the interval."""
        return max(self.shares.low, 0.0)


class _Candidate(NamedTuple):
    feature: Feature
    is_missing: bool
    members: int  # bits, one for each result
    among: int
    shares: Shares


class _Table:
    """The results as bits: of each feature, of the affected, and of those whose dimension is known."""

    def __init__(self, results: Sequence[Looked]) -> None:
        self.results = results
        self.having: dict[Feature, int] = {}
        self.all = (1 << len(results)) - 1
        self.affected = self.read = self.failed = self.asked = of_affected = 0
        entities = {each.entity for each in results if each.affected}
        for place, each in enumerate(results):
            bit = 1 << place
            self.affected |= bit * each.affected
            self.read |= bit * each.read
            self.failed |= bit * each.failed
            self.asked |= bit * any(feature.dimension == "request" for feature in each.features)
            of_affected |= bit * (each.entity in entities and not each.affected)
            for feature in each.features:
                self.having[feature] = self.having.get(feature, 0) | bit
        #: An affected entity's other results say nothing about what all of its results share.
        self.of_other_entities = self.all & ~of_affected

    def among(self, dimension: Dimension) -> int:
        """Return the results of which it is known whether they have a feature of a dimension."""
        known = self.all
        if dimension in OF_BODIES:
            known &= self.read
        if dimension in OF_ERRORS:
            known &= self.failed
        if dimension == "request":
            # Many connectors send it with failures alone.
            known &= self.asked
        if dimension in OF_ENTITIES:
            known &= self.of_other_entities
        return known

    def shares(self, members: int, among: int) -> Shares:
        """Count a feature among some results."""
        affected, others = among & self.affected, among & ~self.affected
        return Shares(
            (members & affected).bit_count(), affected.bit_count(), (members & others).bit_count(), others.bit_count()
        )

    def candidates(self) -> list[_Candidate]:
        """Return what half of the affected have, or lack of what the others have: as many tests are made."""
        found = []
        for feature, members in self.having.items():
            among = self.among(feature.dimension)
            sides = [(False, members)]
            if feature.dimension == "request" and feature.value is None:
                sides.append((True, among & ~members))
            for is_missing, having in sides:
                shares = self.shares(having, among)
                if shares.is_enough and shares.affected >= _COMMON * shares.affected_of:
                    found.append(_Candidate(feature, is_missing, having & among, among, shares))
        return found

    def since(self, feature: Feature, began: datetime) -> datetime | None:
        """Return the first time of a feature, where it came up just before `began`: it may be a new version."""
        if feature.dimension not in OF_CONNECTORS:
            return None
        among = self.among(feature.dimension)
        with_it = self.having[feature]
        first = min(each.at for place, each in enumerate(self.results) if with_it >> place & 1)
        earlier = after = having = 0
        for place, each in enumerate(self.results):
            if not among >> place & 1:
                continue
            earlier += each.at < first
            after += each.at >= first
            having += with_it >> place & 1
        is_close = -_CAME_UP_BEFORE <= first - began <= _CAME_UP_AFTER
        # The chance that none of the earlier results had it, if it had been there all the time.
        return first if is_close and earlier and (1 - having / (after + 1)) ** earlier <= _CAME_UP_CHANCE else None


def common(results: Sequence[Looked], began: datetime | None, most: int) -> list[Trait]:
    """Return up to `most` traits of the affected, the strongest first.

    `began`: when it did, which tells what is new. What only goes with a stronger trait is left out.
    """
    table = _Table(results)
    candidates = table.candidates()
    distinct = [each for each in candidates if each.shares.is_distinct(len(candidates))]
    kept: list[tuple[_Candidate, list[tuple[Feature, bool]]]] = []
    for each in sorted(distinct, key=_strongest):
        place = _place(each, kept, table)
        if place == len(kept):
            kept.append((each, []))
        elif place is not None:
            kept[place][1].append((each.feature, each.is_missing))
    return [
        Trait(
            each.feature,
            each.is_missing,
            each.shares,
            None if began is None or each.is_missing else table.since(each.feature, began),
            _without_parents(each.feature, also),
        )
        for each, also in kept[:most]
    ]


def came_up(results: Sequence[Looked], began: datetime, known: Iterable[Feature]) -> list[tuple[datetime, Feature]]:
    """Return values that came up just before `began`, whether or not the affected share them; without those `known`."""
    table = _Table(results)
    told = frozenset(known)
    found = [
        (since, feature)
        for feature in table.having
        if feature not in told and (since := table.since(feature, began)) is not None
    ]
    return sorted(found)


def _strongest(each: _Candidate) -> tuple[float, int, int, Feature]:
    """Order candidates: of those that tell as much, first the more exact value, then the longer prefix."""
    feature = each.feature
    is_value = feature.dimension != "request" or feature.value is not None
    return (-each.shares.low, -is_value, -len(feature.value or ""), feature._replace(value=feature.value or ""))


def _place(each: _Candidate, kept: list[tuple[_Candidate, Any]], table: _Table) -> int | None:
    """Return the place among the kept traits of one from which a candidate can't be told; their number for a trait of
    its own; None where it says nothing more.
    """
    for place, (other, _) in enumerate(kept):
        if each.feature.dimension == other.feature.dimension and each.feature.dimension in _ONE_OF:
            return None
        both = each.among & other.among
        agree = both & ~(each.members ^ other.members)
        if agree.bit_count() >= _THE_SAME * both.bit_count():
            return place
        # Among those with the stronger trait alone: is it still more frequent among the affected?
        within = table.shares(each.members, both & other.members)
        if within.others_of >= MIN_OTHERS and within.affected_of and within.low <= 0:
            return None
    return len(kept)


def _without_parents(feature: Feature, also: list[tuple[Feature, bool]]) -> list[tuple[Feature, bool]]:
    """Leave out that a place is there, beside its value or a value inside of it."""
    values = [each for each in (feature, *(other for other, _ in also)) if each.value is not None]
    return [
        (each, is_missing)
        for each, is_missing in also
        if each.value is not None
        or not any(
            value.dimension == each.dimension and (value.name == each.name or value.name.startswith(f"{each.name}/"))
            for value in values
        )
    ]
