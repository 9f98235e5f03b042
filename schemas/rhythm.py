"""The rhythm of the results of one type of one affiliate: what an hour of the week brings, and how late it is now.

Pure: counts by hour and by step in, a `Rhythm` out; times in, a `Freshness` out. Arrivals are thought of as independent
of each other, so that the chance of an empty span is exp(-expected arrivals). What is to be expected is taken
cautiously: of a week with few results rather than of one with many, and results that come together are one arrival.
A job at half past two and the end of a day at half past six are known by the steps of their hours (`schemas.uneven`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from math import log
from statistics import fmean, median
from typing import NamedTuple

from schemas.timestamp import EPOCH
from schemas.uneven import STEPS_OF_HOUR, WEEK_HOURS, Uneven, at_most, uneven_hours

#: Weeks that a rhythm is learned from: those before the last result, so that it stays as it was when nothing comes.
WEEKS = 8
#: Fewer weeks say nothing about an hour of the week: nothing is judged before.
MIN_WEEKS = 2
#: Expected results in the usual interval: 99 of 100 intervals are shorter (ln 100).
USUAL = log(100)
#: Usual intervals after which an affiliate is late and silent. By chance alone, one interval in 10,000 and in a million
#: is as long.
LATE, SILENT = 2, 3
#: Seconds of the shortest usual interval: deliveries come in batches, however many results an hour has.
MIN_INTERVAL_SECONDS = 80.0
#: Hours before the last result by which a slow day is known, and results that count as seen in them anyway.
SLOW_DAY_HOURS = 6
_ANYWAY = 3
#: Results of an hour from which a quiet week is seen in that hour itself.
_ENOUGH = 5
#: Results of an hour from which its share of failures says something about how much shares vary.
_MIN_OF_HOUR = 20
#: Hours of that kind that must be there to say how much.
_MIN_HOURS = 24
#: Hours of steps that say how many results come together, and the part that counts as arrivals while there are fewer.
_MIN_STEP_HOURS = 3
_UNKNOWN_APART = 0.1
#: Points by which a share is taken to vary at least, and while it isn't known how much.
_LEAST_ROUGH, _UNKNOWN_ROUGH = 0.02, 0.1
_HOUR = timedelta(hours=1)


class FreshnessState(StrEnum):
    """The time since the last result, compared with the usual interval."""

    FRESH = "fresh"
    LATE = "late"
    SILENT = "silent"


class Count(NamedTuple):
    """Results of a span, and those of them that failed."""

    results: int
    failures: int


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """The usual results of each hour of the week. Hours of UTC, the first is that of 1970-01-01 00:00, a Thursday."""

    weeks: int
    pace: tuple[float, ...]  # arrivals to be expected in each hour of the week, cautiously
    shares: tuple[float, ...]  # of them that usually fail, 0 to 1
    rough: float  # points by which the share of an hour is above the usual one, in 19 of 20 hours at most
    #: Hours of the week that are not even: the arrivals to be expected in each step of them, which add up to `pace`.
    uneven: Uneven = field(default_factory=dict)

    @cached_property
    def _sums(self) -> list[float]:
        return list(accumulate(self.pace, initial=0.0))

    @cached_property
    def _failing_sums(self) -> list[float]:
        return list(accumulate((pace * share for pace, share in zip(self.pace, self.shares, strict=True)), initial=0.0))

    def expected(self, start: datetime, end: datetime) -> float:
        """Return how many results are to be expected between two times; 0 where `end` is not later."""
        return max(0.0, self._until(end) - self._until(start)) if end > start else 0.0

    def _until(self, at: datetime) -> float:
        """Return what is to be expected from 1970 until a time."""
        weeks, slot, within = _place(at)
        return weeks * self._sums[-1] + self._sums[slot] + self._in_hour(slot, within)

    def _failing_until(self, at: datetime) -> float:
        weeks, slot, within = _place(at)
        sums = self._failing_sums
        return weeks * sums[-1] + sums[slot] + self._in_hour(slot, within) * self.shares[slot]

    def _in_hour(self, slot: int, within: float) -> float:
        """Return what is to be expected in the first part of an hour."""
        if slot not in self.uneven:
            return self.pace[slot] * within
        steps = self.uneven[slot]
        whole = min(int(within * STEPS_OF_HOUR), STEPS_OF_HOUR - 1)
        return sum(steps[:whole]) + steps[whole] * (within * STEPS_OF_HOUR - whole)

    def _part_of_hour(self, slot: int, expected: float) -> float:
        """Return the part of an hour until which so many are to be expected; 1 at most."""
        if slot not in self.uneven:
            return min(expected / self.pace[slot], 1.0) if self.pace[slot] > 0 else 0.0
        left = expected
        for number, step in enumerate(self.uneven[slot]):
            if left <= step:
                return (number + (left / step if step > 0 else 0.0)) / STEPS_OF_HOUR
            left -= step
        return 1.0

    def share_between(self, start: datetime, end: datetime) -> float:
        """Return the share of results that usually fail between two times, each hour with the weight of its results."""
        expected = self.expected(start, end)
        if expected <= 0:
            return self.share(start)
        return (self._failing_until(end) - self._failing_until(start)) / expected

    def when(self, start: datetime, expected: float) -> datetime | None:
        """Return the time until which so many results are to be expected since `start`; None within no eight weeks."""
        sums = self._sums
        week = sums[-1]
        if week <= 0:
            return None
        weeks, rest = divmod(self._until(start) + expected, week)
        slot = min(bisect_right(sums, rest), WEEK_HOURS) - 1
        try:
            at = EPOCH + _HOUR * (weeks * WEEK_HOURS + slot + self._part_of_hour(slot, rest - sums[slot]))
        except OverflowError:
            return None
        return at if at - start <= timedelta(weeks=WEEKS) else None

    def steps_of(self, slot: int) -> Sequence[float]:
        """Return the arrivals to be expected in each step of an hour of the week."""
        return self.uneven.get(slot) or (self.pace[slot] / STEPS_OF_HOUR,) * STEPS_OF_HOUR

    def share(self, at: datetime) -> float:
        """Return the share of results that usually fail in the hour of `at`."""
        return self.shares[slot_of(at)]


class Freshness(NamedTuple):
    """The state of one type of one affiliate, and the times at which it changes if nothing comes."""

    state: FreshnessState | None  # None: not known yet, there are no two weeks of results
    usual_interval_seconds: float | None  # from the last result on; None: unknown, or nothing is due within eight weeks
    late_from: datetime | None
    silent_from: datetime | None


UNKNOWN = Freshness(None, None, None, None)


def _place(at: datetime) -> tuple[float, int, float]:
    """Return the weeks since 1970 until a time, the hour of the week that it is in, and the part of it that is past."""
    weeks, hours = divmod((at - EPOCH) / _HOUR, WEEK_HOURS)
    return weeks, int(hours), hours - int(hours)


def slot_of(at: datetime) -> int:
    """Return the hour of the week of a time, 0 to 167."""
    return int((at - EPOCH) // _HOUR) % WEEK_HOURS


def learn(
    first: datetime,
    last: datetime,
    hours: Mapping[datetime, Count],
    steps: Mapping[datetime, Count],
    within: Mapping[datetime, Sequence[int]] | None = None,
) -> Rhythm | None:
    """Learn from the results of whole hours of UTC before that of the `last` one; hours that are left out had none.

    `first`: the time of the first result ever. None when that is not MIN_WEEKS before. `steps`: results of the last day
    by the STEP_MINUTES in which they came. `within`: those of each step of hours, of the weeks in which they were
    counted; where nothing is known, an hour is taken to be even.
    """
    end = (last - EPOCH) // _HOUR
    weeks = min(WEEKS, (end - (first - EPOCH) // _HOUR) // WEEK_HOURS)
    if weeks < MIN_WEEKS:
        return None
    counts = [[Count(0, 0)] * weeks for _ in range(WEEK_HOURS)]
    for hour, count in hours.items():
        back = end - (hour - EPOCH) // _HOUR
        if 1 <= back <= weeks * WEEK_HOURS:
            counts[slot_of(hour)][(back - 1) // WEEK_HOURS] = count
    shares = _shares(counts)
    quiet_week, apart = _quiet_week(counts, weeks), _apart(steps)
    pace = [_pace([each.results for each in of_slot], quiet_week, apart) for of_slot in counts]
    uneven = uneven_hours(within or {}, end, weeks, pace)
    return Rhythm(
        weeks=weeks,
        pace=tuple(sum(uneven[slot]) if slot in uneven else each for slot, each in enumerate(pace)),
        shares=shares,
        rough=_rough(counts, shares),
        uneven=uneven,
    )


def freshness(
    rhythm: Rhythm | None, last: datetime, as_of: datetime, *, seen: int | None, whole_since: datetime | None = None
) -> Freshness:
    """Judge one type of one affiliate by the time of its last result, and that up to which data is complete.

    `seen`: results in the SLOW_DAY_HOURS up to the last one: fewer than usual make it a slow day, on which less is to
    be expected; None: not known. `whole_since`: data that came before was read late, so that nothing counts as missing
    until then.
    """
    if rhythm is None:
        return UNKNOWN
    start = last if whole_since is None else max(last, whole_since)
    slow = slowness(rhythm, last, seen)
    interval = rhythm.when(start, USUAL / slow)
    if interval is None:
        return Freshness(FreshnessState.FRESH, None, None, None)
    late, silent = (_after(rhythm, start, times, slow) for times in (LATE, SILENT))
    if silent is not None and as_of >= silent:
        state = FreshnessState.SILENT
    elif late is not None and as_of >= late:
        state = FreshnessState.LATE
    else:
        state = FreshnessState.FRESH
    seconds = max((interval - start).total_seconds(), MIN_INTERVAL_SECONDS)
    return Freshness(state, seconds, late, silent)


def slowness(rhythm: Rhythm, last: datetime, seen: int | None) -> float:
    """Return the part of its usual results that came in the SLOW_DAY_HOURS up to the last one; 1 at most."""
    if seen is None:
        return 1.0
    usual = rhythm.expected(last - SLOW_DAY_HOURS * _HOUR, last)
    return min(1.0, (seen + _ANYWAY) / (usual + _ANYWAY))


def together(rhythms: Iterable[tuple[Rhythm, float]]) -> Rhythm:
    """Return the rhythm of several types or affiliates as one, each with the part of it that comes on this day."""
    given = list(rhythms)
    return Rhythm(
        weeks=min(rhythm.weeks for rhythm, _part in given),
        pace=tuple(map(sum, zip(*([part * each for each in rhythm.pace] for rhythm, part in given), strict=True))),
        shares=(0.0,) * WEEK_HOURS,
        rough=_UNKNOWN_ROUGH,
        uneven={
            slot: [sum(part * rhythm.steps_of(slot)[step] for rhythm, part in given) for step in range(STEPS_OF_HOUR)]
            for slot in {slot for rhythm, _part in given for slot in rhythm.uneven}
        },
    )


def high(counts: Sequence[int], cases: int) -> float:
    """Return the count that 19 of 20 `cases` do not exceed; cases that are not in `counts` have 0."""
    beyond = cases // 20
    return float(sorted(counts, reverse=True)[beyond]) if len(counts) > beyond else 0.0


def _after(rhythm: Rhythm, start: datetime, times: int, slow: float) -> datetime | None:
    at = rhythm.when(start, times * USUAL / slow)
    return None if at is None else max(at, start + timedelta(seconds=times * MIN_INTERVAL_SECONDS))


def _pace(results: Sequence[int], quiet_week: float, apart: float) -> float:
    """Return the arrivals to be expected in an hour of the week that had these results in other weeks.

    One week with many decides nothing, nor do a few without any. An hour that was never empty is hardly ever empty,
    however few results it had.
    """
    middle = median(results)
    if middle >= _ENOUGH:
        usual = float(sorted(results)[len(results) // 4])
    else:
        usual = quiet_week * min(fmean(results), middle + 1)
    return max(usual * apart, 0.0 if 0 in results else at_most(len(results), len(results)))


def _quiet_week(counts: Sequence[Sequence[Count]], weeks: int) -> float:
    """Return the results of a week with few, as a part of the mean."""
    totals = sorted(sum(of_slot[week].results for of_slot in counts) for week in range(weeks))
    return min(1.0, totals[weeks // 4] / mean) if (mean := fmean(totals)) else 0.0


def _apart(steps: Mapping[datetime, Count]) -> float:
    """Return the arrivals as a part of the results: less than 1 where several come together.

    By two signs, of which the stronger counts. Steps of an hour differ more than independent arrivals would: by as many
    times as results come together. And more of them are empty, where all of an hour come at once.
    """
    hours: dict[int, list[int]] = {}
    for step, count in steps.items():
        hours.setdefault(int((step - EPOCH) // _HOUR), []).append(count.results)
    whole = [hours[each] for each in sorted(hours)][1:-1]  # the first and the last hour are not
    results = sum(map(sum, whole))
    if len(whole) < _MIN_STEP_HOURS:
        return _UNKNOWN_APART
    arrivals = differences = 0.0
    for busy in whole:
        mean = sum(busy) / STEPS_OF_HOUR
        empty = STEPS_OF_HOUR - len(busy)
        differences += (sum((each - mean) ** 2 for each in busy) + empty * mean * mean) / (STEPS_OF_HOUR - 1)
        arrivals += min(sum(busy), log(empty / STEPS_OF_HOUR) / log(1 - 1 / STEPS_OF_HOUR)) if empty else sum(busy)
    return min(1.0, arrivals / results, results / STEPS_OF_HOUR / differences if differences else 1.0)


def _shares(counts: Sequence[Sequence[Count]]) -> tuple[float, ...]:
    results = [sum(each.results for each in of_slot) for of_slot in counts]
    failures = [sum(each.failures for each in of_slot) for of_slot in counts]
    overall = sum(failures) / max(1, sum(results))
    around = [[(slot + step) % WEEK_HOURS for step in (-1, 0, 1)] for slot in range(WEEK_HOURS)]
    # An hour with few results has about the share of the whole week.
    return tuple(
        (sum(failures[each] for each in near) + 10 * overall) / (sum(results[each] for each in near) + 10)
        for near in around
    )


def _rough(counts: Sequence[Sequence[Count]], shares: Sequence[float]) -> float:
    above = [
        each.failures / each.results - share
        for of_slot, share in zip(counts, shares, strict=True)
        for each in of_slot
        if each.results >= _MIN_OF_HOUR
    ]
    if len(above) < _MIN_HOURS:
        return _UNKNOWN_ROUGH
    return max(_LEAST_ROUGH, sorted(above)[len(above) * 19 // 20])
