"""Signals: one kind of figures says that something is wrong now. schemas.incident_change makes incidents of them.

Pure: counts and times in. Nothing is judged without a rhythm (schemas.rhythm), but what is a fact by itself: a breaker,
and a reprocess that stopped. Each limit here is a compromise: it is held by seeded days and years in
tests/unit/test_incidents.py.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import inf, log
from statistics import fmean
from typing import NamedTuple

from schemas.incident import IncidentFacts, Kind
from schemas.rhythm import (
    MIN_INTERVAL_SECONDS,
    SILENT,
    SLOW_DAY_HOURS,
    UNKNOWN,
    USUAL,
    Count,
    Freshness,
    FreshnessState,
    Rhythm,
    freshness,
    high,
    slowness,
    together,
)
from schemas.timestamp import EPOCH
from schemas.uneven import WEEK_HOURS

#: Silence that lasts longer is how it is: an affiliate that was left for good is no incident for ever.
LONGEST_SILENCE = timedelta(days=28)
#: No silence is as short, however much comes usually.
SHORTEST_SILENCE = timedelta(seconds=SILENT * MIN_INTERVAL_SECONDS)
#: Spans of the last results whose share of failures is looked at, in minutes: the shortest that says something counts.
SPANS_MINUTES = (5, 10, 30, 60, 180)
#: Failures, and points above what is usual, that make a share of failures an incident.
MIN_FAILURES, MIN_POINTS = 10, 0.1
#: Natural logarithms of the chance by which as many would fail in a usual hour: one in a million to open an incident;
#: one in twelve, of the last results, as long as it is on.
_CHANCE, _STILL = 14.0, 2.5
#: Results, and minutes of them, that say if an incident is still on.
_MIN_RESULTS, _LAST_MINUTES = 30, 10
#: A fault is new for a day, and worth an incident with so many results.
NEW_FOR = timedelta(hours=24)
NEW_FAULT_RESULTS = 8
#: A fault that wasn't seen for so long is over.
FAULT_OVER = timedelta(hours=1)
#: A known fault escalates with so many results in two hours, and so many times the usual.
ESCALATES_RESULTS, ESCALATES_TIMES = 20, 3
#: Dead letters of an hour that are an incident, and so many times the usual.
LETTERS, LETTERS_TIMES = 10, 3
#: A stopped reprocess that nobody goes on with is history after this.
STOPPED_FOR = timedelta(hours=24)
#: Limits that make an incident critical: shares, counts, and how much longer than the limit of silence.
_CRITICAL_SHARE, _CRITICAL_FAILURES = 0.5, 50
_CRITICAL_TIMES = 10
_CRITICAL_LETTERS = 100
_CRITICAL_SILENCE = 2
_CRITICAL_OPENINGS = 5


class Pair(NamedTuple):
    """One type of one affiliate."""

    integration_type: str
    affiliate: str
    rhythm: Rhythm | None  # None: there are no two weeks of results
    last: datetime  # when the last result was received
    steps: Mapping[
        datetime, Count
    ]  # the results received since SLOW_DAY_HOURS before the last one, in steps of 5 minutes


class NewFault(NamedTuple):
    """A fault whose first result is at most a day old."""

    integration_type: str
    affiliate: str
    fingerprint: str
    code: str | None
    results: int
    first_seen_at: datetime
    last_seen_at: datetime


class RisingFault(NamedTuple):
    """A known fault of which there are some results in the last two hours."""

    integration_type: str
    affiliate: str
    fingerprint: str
    code: str | None
    hours: Mapping[int, int]  # results by hour, as hours since 1970, of the last four weeks; those left out had none


class OpenBreaker(NamedTuple):
    """A breaker that is not closed."""

    integration_type: str
    affiliate: str
    since: datetime
    openings: int


class Letters(NamedTuple):
    """Dead letters of the last hour."""

    integration_type: str | None  # of their topic
    affiliate: str | None  # where it can be read
    code: str
    letters: int


class Stopped(NamedTuple):
    """A reprocess that stopped by itself, and that nobody has gone on with."""

    integration_type: str
    affiliate: str | None  # None: of several
    command_id: str
    at: datetime


class Figures(NamedTuple):
    """All that is known of one account at one moment."""

    now: datetime
    as_of: Mapping[str, datetime]  # the time up to which the data of a type is complete; types without are not judged
    whole_since: Mapping[str, datetime]  # since when it has been complete without a gap
    pairs: Sequence[Pair] = ()
    new_faults: Sequence[NewFault] = ()
    rising: Sequence[RisingFault] = ()
    breakers: Sequence[OpenBreaker] = ()
    letters: Sequence[Letters] = ()
    usual_letters: float = 0.0  # of 19 of 20 hours of the last two weeks, at most
    stopped: Sequence[Stopped] = ()

    def time_of(self, types: Iterable[str]) -> datetime:
        """Return the time up to which the data of these types is complete; of no type: now."""
        return min((self.as_of[each] for each in types if each in self.as_of), default=self.now)


class Signal(NamedTuple):
    """One thing that is wrong, by one kind of figures."""

    kind: Kind
    types: tuple[str, ...]  # empty: any
    affiliate: str | None  # None: all of them, or none
    subject: str
    opens: bool  # False: enough to keep an incident open, too little to open one
    critical: bool
    facts: IncidentFacts


def seen_before_last(pair: Pair) -> int:
    """Return the results of the SLOW_DAY_HOURS up to the last one."""
    start = pair.last - timedelta(hours=SLOW_DAY_HOURS)
    return sum(count.results for step, count in pair.steps.items() if step > start)


def fresh(figures: Figures, pair: Pair) -> Freshness:
    """Judge how fresh a pair is, by the time up to which data is complete."""
    as_of = figures.as_of.get(pair.integration_type)
    if as_of is None or pair.rhythm is None:
        return UNKNOWN
    since = figures.whole_since.get(pair.integration_type)
    return freshness(pair.rhythm, pair.last, as_of, seen=_seen(pair), whole_since=since)


def signals(figures: Figures) -> list[Signal]:
    """Return all that is wrong in an account."""
    found = [*_silences(figures)]
    for pair in figures.pairs:
        if pair.rhythm is not None and pair.integration_type in figures.as_of:
            found += _failing(pair, pair.rhythm, figures.as_of[pair.integration_type])
    known = {(pair.integration_type, pair.affiliate) for pair in figures.pairs if pair.rhythm is not None}
    found += [
        each for fault in figures.new_faults if (fault[:2]) in known for each in _new(fault, figures.time_of(fault[:1]))
    ]
    found += [
        each for fault in figures.rising if (fault[:2]) in known for each in _rising(fault, figures.time_of(fault[:1]))
    ]
    found += [_held(breaker) for breaker in figures.breakers]
    if known:
        found += _unread(figures)
    found += [_stopped(each) for each in figures.stopped if figures.now - each.at < STOPPED_FOR]
    return found


def _seen(pair: Pair) -> int | None:
    # Steps are kept for a day. Of one that has been silent for longer nothing is known of the hours before.
    return seen_before_last(pair) if pair.steps else None


def _silences(figures: Figures) -> Iterator[Signal]:
    """Yield silences, each at the widest: of the whole account, else of an affiliate, else of a type of it."""
    judged = [each for each in figures.pairs if each.rhythm is not None and each.integration_type in figures.as_of]
    affiliates = sorted({each.affiliate for each in judged})
    if len(affiliates) > 1 and (whole := _silence(figures, judged, None)) is not None:
        yield whole
        return
    for affiliate in affiliates:
        pairs = [each for each in judged if each.affiliate == affiliate]
        if (whole := _silence(figures, pairs, affiliate)) is not None:
            yield whole
        elif len(pairs) > 1:
            yield from (each for pair in pairs if (each := _silence(figures, [pair], affiliate)) is not None)


def _silence(figures: Figures, pairs: Sequence[Pair], affiliate: str | None) -> Signal | None:
    """Return the signal that nothing has come from any of some pairs for too long."""
    as_of = figures.time_of(each.integration_type for each in pairs)
    since = max(each.last for each in pairs)
    if not SHORTEST_SILENCE <= as_of - since < LONGEST_SILENCE:
        return None
    known = [at for each in pairs if (at := figures.whole_since.get(each.integration_type)) is not None]
    # A pair that has been silent for long says nothing about the others any more.
    lively = [each for each in pairs if since - each.last < timedelta(hours=SLOW_DAY_HOURS)]
    whole_since = max(known, default=None)
    rhythms = [(each.rhythm, slowness(each.rhythm, each.last, _seen(each))) for each in lively if each.rhythm]
    start = since if whole_since is None else max(since, whole_since)
    if sum(part * rhythm.expected(start, as_of) for rhythm, part in rhythms) < SILENT * USUAL:
        return None  # as freshness would say, in a tenth of the time
    found = freshness(together(rhythms), since, as_of, seen=None, whole_since=whole_since)
    if found.state is not FreshnessState.SILENT:
        return None
    limit = (found.silent_from or as_of) - since
    return Signal(
        kind=Kind.SILENCE,
        types=tuple(sorted({each.integration_type for each in pairs})),
        affiliate=affiliate,
        subject="",
        opens=True,
        critical=as_of - since >= _CRITICAL_SILENCE * limit,
        facts=IncidentFacts(since=since, usual_interval_seconds=found.usual_interval_seconds),
    )


def _failing(pair: Pair, rhythm: Rhythm, as_of: datetime) -> Iterator[Signal]:
    """Yield the signal of a share of failures, by the shortest span in which it is beyond chance.

    The last results alone, as few as say something, decide whether it is still so.
    """
    usual = rhythm.share(as_of)
    limit = usual + max(MIN_POINTS, 2 * rhythm.rough)
    rough = min(usual + rhythm.rough, 0.99)
    newest = _newest(pair.steps, as_of)
    if newest is None:
        return
    count, minutes = newest
    if count.failures / count.results < (usual + limit) / 2 or not _beyond_chance(count, rough, _STILL):
        return
    opens = False
    for span in SPANS_MINUTES:
        in_span = _within(pair.steps, as_of, span)
        if in_span.failures < MIN_FAILURES or in_span.failures / in_span.results < limit:
            continue
        if _beyond_chance(in_span, rough, _CHANCE):
            count, minutes, opens = in_span, span, True
            break
    share = count.failures / count.results
    yield Signal(
        kind=Kind.FAILURE_SHARE,
        types=(pair.integration_type,),
        affiliate=pair.affiliate,
        subject="",
        opens=opens,
        critical=opens and share >= max(_CRITICAL_SHARE, usual + MIN_POINTS) and count.failures >= _CRITICAL_FAILURES,
        facts=IncidentFacts(count=count.failures, of=count.results, minutes=minutes, share=share, usual=usual),
    )


def _within(steps: Mapping[datetime, Count], as_of: datetime, minutes: int) -> Count:
    start = as_of - timedelta(minutes=minutes)
    counted = [count for step, count in steps.items() if start < step <= as_of]
    return Count(sum(each.results for each in counted), sum(each.failures for each in counted))


def _newest(steps: Mapping[datetime, Count], as_of: datetime) -> tuple[Count, int] | None:
    """Return the last results, of _LAST_MINUTES or as many more as have enough of them, with the minutes."""
    found, minutes = Count(0, 0), _LAST_MINUTES
    for step in sorted((each for each in steps if each <= as_of), reverse=True):
        back = int((as_of - step).total_seconds() // 60)
        if found.results >= _MIN_RESULTS and back >= minutes:
            break
        found = Count(found.results + steps[step].results, found.failures + steps[step].failures)
        minutes = max(minutes, back)
    return (found, minutes) if found.results >= _MIN_RESULTS else None


def surprise(count: Count, usual: float) -> float:
    """Return the negative logarithm of the chance of a share of failures so far from `usual` (Chernoff's bound).

    `usual` is the chance with which each result fails; the share may be above it or below.
    """
    share, found = count.failures / count.results, 0.0
    for part, chance in ((share, usual), (1 - share, 1 - usual)):
        if part > 0:
            found += part * log(part / chance) if chance > 0 else inf
    return count.results * found


def _beyond_chance(count: Count, usual: float, limit: float) -> bool:
    """Tell if so many failures are beyond chance where each result fails with the chance `usual`."""
    return count.failures / count.results > usual and surprise(count, usual) >= limit


def _new(fault: NewFault, as_of: datetime) -> Iterator[Signal]:
    if as_of - fault.last_seen_at >= FAULT_OVER:
        return
    yield Signal(
        kind=Kind.NEW_FAULT,
        types=(fault.integration_type,),
        affiliate=fault.affiliate,
        subject=fault.fingerprint,
        opens=fault.results >= NEW_FAULT_RESULTS and as_of - fault.first_seen_at < NEW_FOR,
        critical=fault.results >= _CRITICAL_TIMES * NEW_FAULT_RESULTS,
        facts=_of_fault(
            fault,
            count=fault.results,
            minutes=_minutes(as_of - fault.first_seen_at),
            usual=0.0,
            since=fault.first_seen_at,
        ),
    )


def _rising(fault: RisingFault, as_of: datetime) -> Iterator[Signal]:
    hour = int((as_of - EPOCH) // timedelta(hours=1))
    count = _of_two_hours(fault, hour)
    if 2 * count < ESCALATES_RESULTS:
        return
    often = high([_of_two_hours(fault, hour - back) for back in range(3, WEEK_HOURS)], WEEK_HOURS)
    usual = max(often, fmean(_of_two_hours(fault, hour - weeks * WEEK_HOURS) for weeks in range(1, 4)))
    limit = max(ESCALATES_RESULTS, ESCALATES_TIMES * usual)
    if 2 * count < limit:
        return
    yield Signal(
        kind=Kind.GROUP_ESCALATES,
        types=(fault.integration_type,),
        affiliate=fault.affiliate,
        subject=fault.fingerprint,
        opens=count >= limit,
        critical=count >= _CRITICAL_TIMES * max(usual, ESCALATES_RESULTS / 2),
        facts=_of_fault(fault, count=count, minutes=as_of.minute + 60, usual=usual, since=None),
    )


def _of_two_hours(fault: RisingFault, hour: int) -> int:
    return fault.hours.get(hour, 0) + fault.hours.get(hour - 1, 0)


def _of_fault(
    fault: NewFault | RisingFault, *, count: int, minutes: int, usual: float, since: datetime | None
) -> IncidentFacts:
    return IncidentFacts(
        count=count,
        minutes=minutes,
        usual=usual,
        since=since,
        code=fault.code,
        fingerprint=fault.fingerprint,
        faults=[fault.fingerprint],
    )


def _held(breaker: OpenBreaker) -> Signal:
    return Signal(
        kind=Kind.BREAKER_OPENED,
        types=(breaker.integration_type,),
        affiliate=breaker.affiliate,
        subject="",
        opens=True,
        critical=breaker.openings >= _CRITICAL_OPENINGS,
        facts=IncidentFacts(since=breaker.since),
    )


def _unread(figures: Figures) -> Iterator[Signal]:
    """Yield the signal of dead letters, by affiliate where they say it.

    One code is enough to say which, the most frequent.
    """
    places: dict[str | None, list[Letters]] = {}
    for each in figures.letters:
        places.setdefault(each.affiliate, []).append(each)
    limit = max(LETTERS, LETTERS_TIMES * figures.usual_letters)
    for affiliate, found in sorted(places.items(), key=lambda place: place[0] or ""):
        count = sum(each.letters for each in found)
        if 2 * count < limit:
            continue
        yield Signal(
            kind=Kind.DEAD_LETTERS_RISE,
            types=tuple(sorted({each.integration_type for each in found if each.integration_type is not None})),
            affiliate=affiliate,
            subject="",
            opens=count >= limit,
            critical=count >= max(_CRITICAL_LETTERS, _CRITICAL_TIMES * figures.usual_letters),
            facts=IncidentFacts(
                count=count,
                minutes=60,
                usual=figures.usual_letters,
                code=max(found, key=lambda each: each.letters).code,
            ),
        )


def _stopped(stop: Stopped) -> Signal:
    return Signal(
        kind=Kind.REPROCESS_STOPPED,
        types=(stop.integration_type,),
        affiliate=stop.affiliate,
        subject=stop.command_id,
        opens=True,
        critical=False,
        facts=IncidentFacts(command_id=stop.command_id, since=stop.at),
    )


def _minutes(span: timedelta) -> int:
    return max(1, int(span.total_seconds() // 60))
