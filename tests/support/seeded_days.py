"""A store's days at the level of counters, from a seed: what the agents' figures would be, minute by minute."""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import NamedTuple

from schemas.incident import Edge, Kind, State
from schemas.incident_change import Change, Known, changes
from schemas.rhythm import Count, Rhythm, learn
from schemas.signal import Figures, Letters, NewFault, OpenBreaker, Pair, RisingFault, Signal, Stopped, signals
from schemas.timestamp import EPOCH
from schemas.uneven import STEP_MINUTES

#: A Thursday.
DAY0 = datetime(2026, 6, 4, tzinfo=UTC)
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
STEP = timedelta(minutes=STEP_MINUTES)


class Flow(NamedTuple):
    """The usual course of the results of one type of one affiliate."""

    integration_type: str
    affiliate: str
    per_hour: float  # on average, over a day
    share: float = 0.05  # that fails
    night: float = 0.05  # of the pace of the day, from 0 to 7
    vary: float = 0.15  # days differ by this part
    together: int = 1  # results that come at once

    @property
    def name(self) -> tuple[str, str]:
        return self.integration_type, self.affiliate


class Trouble(NamedTuple):
    """A thing that goes wrong from one time to another."""

    kind: Kind
    integration_type: str
    affiliate: str
    start: datetime
    end: datetime


def hours_of(at: datetime) -> int:
    """Return the hours since 1970."""
    return int((at - EPOCH) // HOUR)


def poisson(draw: random.Random, mean: float) -> int:
    """Draw the number of arrivals."""
    if mean > 50:
        return max(0, round(draw.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, draw.random()
    while product > limit:
        count += 1
        product *= draw.random()
    return count


def pace(flow: Flow, at: datetime) -> float:
    """Return the results of an hour at a time of the week: quiet nights, a peak in the evening, slower weekends."""
    shape = flow.night if at.hour < 7 else 1.2 + 0.5 * math.sin((at.hour - 10) / 14 * math.pi)
    return flow.per_hour * shape * (0.6 if at.weekday() >= 5 else 1.0)


class Store:
    """Counters of a store, which time moves on. Faults, letters, breakers and reprocesses are what troubles make."""

    def __init__(self, seed: int, flows: list[Flow], start: datetime = DAY0, weeks: int = 8) -> None:
        self.draw = random.Random(seed)
        self.flows = flows
        self.now = start
        self.first = {flow.name: start - weeks * WEEK for flow in flows}
        self.hours: dict[tuple[str, str], dict[datetime, Count]] = {flow.name: {} for flow in flows}
        self.steps: dict[tuple[str, str], dict[datetime, Count]] = {flow.name: {} for flow in flows}
        self.last: dict[tuple[str, str], datetime] = {flow.name: start - weeks * WEEK for flow in flows}
        self.rhythms: dict[tuple[str, str], Rhythm | None] = {}
        self.faults: dict[tuple[str, str, str], dict[int, int]] = {}
        self.first_seen: dict[tuple[str, str, str], datetime] = {}
        self.last_seen: dict[tuple[str, str, str], datetime] = {}
        self.letters: dict[tuple[str, str], list[datetime]] = {}
        self.breakers: dict[tuple[str, str], datetime] = {}
        self.stopped: dict[tuple[str, str], datetime] = {}
        self.factors: dict[tuple[str, str], tuple[datetime, float]] = {}
        self.lag = timedelta(0)
        self.results = 0
        self._history(start, weeks)

    def _history(self, start: datetime, weeks: int) -> None:
        for flow in self.flows:
            at = start - weeks * WEEK
            while at < start - DAY:
                count = flow.together * poisson(self.draw, pace(flow, at) * self._factor(flow, at) / flow.together)
                failures = sum(self.draw.random() < flow.share for _ in range(count))
                if count:
                    self.hours[flow.name][at] = Count(count, failures)
                    self.last[flow.name] = at + HOUR - timedelta(seconds=1)
                at += HOUR
        for self.now in minutes(start - DAY, start, STEP):
            for flow in self.flows:
                self.arrive(flow, STEP)
        self.now, self.results = start, 0
        self.learn()

    def _factor(self, flow: Flow, at: datetime) -> float:
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        if (known := self.factors.get(flow.name)) is None or known[0] != day:
            known = self.factors[flow.name] = day, max(0.1, self.draw.gauss(1, flow.vary))
        return known[1]

    def learn(self) -> None:
        """Learn every rhythm anew, as agents do each hour."""
        for flow in self.flows:
            name = flow.name
            self.rhythms[name] = learn(self.first[name], self.last[name], self.hours[name], self.steps[name])

    def arrive(self, flow: Flow, span: timedelta, *, factor: float = 1.0, share: float | None = None) -> int:
        """Let results come until `span` from now. Returns how many failed."""
        mean = pace(flow, self.now) * self._factor(flow, self.now) * factor * (span / HOUR)
        count = flow.together * poisson(self.draw, mean / flow.together)
        if not count:
            return 0
        failures = sum(self.draw.random() < (flow.share if share is None else share) for _ in range(count))
        self.results += count
        # The last of so many arrivals at random.
        at = self.now + span * self.draw.random() ** (flow.together / count)
        self.last[flow.name] = max(self.last[flow.name], at)
        hour = at.replace(minute=0, second=0, microsecond=0)
        step = hour + (at - hour) // STEP * STEP
        for counts, place in ((self.hours[flow.name], hour), (self.steps[flow.name], step)):
            before = counts.get(place, Count(0, 0))
            counts[place] = Count(before.results + count, before.failures + failures)
        return failures

    def fail_with(self, flow: Flow, fingerprint: str, count: int) -> None:
        """Count results with a fault."""
        if not count:
            return
        name = (*flow.name, fingerprint)
        hour = hours_of(self.now)
        self.faults.setdefault(name, {})[hour] = self.faults.get(name, {}).get(hour, 0) + count
        self.first_seen.setdefault(name, self.now)
        self.last_seen.pop(name, None)
        self.last_seen[name] = self.now  # behind all others

    def forget(self) -> None:
        """Forget steps of more than a day ago, as maintenance does."""
        for counts in self.steps.values():
            for step in [each for each in counts if each < self.now - 26 * HOUR]:
                del counts[step]

    def figures(self) -> Figures:
        """Return what agents would find now. While they lag, the last results are not there yet."""
        as_of = self.now - self.lag
        types = {flow.integration_type for flow in self.flows}
        hour = hours_of(as_of)
        new, known = [], []
        for name in takewhile(lambda each: self.last_seen[each] > as_of - 3 * HOUR, reversed(self.last_seen)):
            (type_, affiliate, fingerprint), counts = name, self.faults[name]
            first = self.first_seen[name]
            if as_of - first < DAY:
                new.append(
                    NewFault(type_, affiliate, fingerprint, "c", sum(counts.values()), first, self.last_seen[name])
                )
            elif counts.get(hour, 0) + counts.get(hour - 1, 0) >= 10:
                known.append(RisingFault(type_, affiliate, fingerprint, "c", counts))
        pairs = [self._pair(flow) for flow in self.flows]
        return Figures(
            now=self.now,
            as_of=dict.fromkeys(types, as_of),
            whole_since=dict.fromkeys(types, DAY0 - WEEK),
            pairs=pairs,
            new_faults=new,
            rising=known,
            breakers=[OpenBreaker(*name, since, 1) for name, since in self.breakers.items()],
            letters=[
                Letters(type_, affiliate, "schema", count)
                for (type_, affiliate), times in self.letters.items()
                if (count := sum(as_of - HOUR < each <= as_of for each in times))
            ],
            stopped=[Stopped(type_, affiliate, f"c-{type_}", at) for (type_, affiliate), at in self.stopped.items()],
        )

    def _pair(self, flow: Flow) -> Pair:
        last, steps = self.last[flow.name], self.steps[flow.name]
        recent = takewhile(lambda each: each[0] > last - 6 * HOUR, reversed(steps.items()))
        return Pair(*flow.name, self.rhythms[flow.name], last, dict(recent))


class Told(NamedTuple):
    """An edge of an incident, as it would be told."""

    number: int
    edge: Edge
    kind: Kind
    integration_type: str | None
    affiliate: str | None
    at: datetime


class Book:
    """The incidents of one account, kept as the database does."""

    def __init__(self) -> None:
        self.incidents: dict[int, Known] = {}
        self.told: list[Told] = []

    def judge(self, figures: Figures) -> list[Change]:
        """Judge once."""
        return self.take(figures, signals(figures))

    def take(self, figures: Figures, seen: list[Signal]) -> list[Change]:
        """Keep what signals change."""
        found = changes(list(self.incidents.values()), figures, seen)
        for change in found:
            number = change.incident.incident_id or len(self.incidents) + 1
            self.incidents[number] = incident = change.incident._replace(incident_id=number)
            if change.edge is not None:
                self.told.append(
                    Told(
                        number,
                        change.edge,
                        incident.kind,
                        incident.integration_type,
                        incident.affiliate,
                        incident.changed_at,
                    )
                )
        return found

    @property
    def open(self) -> list[Known]:
        return [each for each in self.incidents.values() if each.state is not State.RESOLVED]

    def opened(self) -> Iterator[Told]:
        return (each for each in self.told if each.edge is Edge.OPENED)


def minutes(start: datetime, end: datetime, step: timedelta = MINUTE) -> Iterator[datetime]:
    """Yield the beginnings of steps."""
    steps = int((end - start) / step)
    yield from (first for first, _next in pairwise(start + step * number for number in range(steps + 1)))
