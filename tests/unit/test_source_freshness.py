"""Streams and jobs as connectors are. What is usual is never silent, and what has stopped is, in the end.

A source that is one of several, and the whole of a type of an affiliate: one connector is often both.
"""

import random
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from schemas.rhythm import FreshnessState
from schemas.signal import Figures, Pair, fresh
from schemas.source_day import RECENT_STEPS, STEPS_OF_DAY, SourceDay, recent
from schemas.source_freshness import SourcePair, fresh_source, learn_source
from schemas.uneven import STEPS_OF_HOUR
from tests.support.seeded_days import DAY, DAY0, HOUR, MINUTE, STEP, poisson

DAYS = 7 * 10
FIRST = DAY0 - DAYS * DAY
#: Results in the step that begins at a time.
Comes = Callable[[datetime], int]


def between(begin: timedelta, end: timedelta, results: int, *, weekday: int | None = None) -> Comes:
    """Return a source with so many results in each step between two times of a day; `weekday`: 1 is Monday alone."""

    def comes(at: datetime) -> int:
        of_day = at - at.replace(hour=0, minute=0)
        return results if begin <= of_day < end and weekday in {None, at.isoweekday()} else 0

    return comes


def unpunctual(begin: timedelta, end: timedelta, results: int, *, early: timedelta, late: timedelta) -> Comes:
    """Return a source that begins up to so much later each day, and ends up to so much earlier, at random."""

    def comes(at: datetime) -> int:
        day = at.replace(hour=0, minute=0)
        draw = random.Random(day.isoformat())
        return results if day + begin + late * draw.random() - STEP < at < day + end - early * draw.random() else 0

    return comes


def at_random(per_hour: float) -> Comes:
    """Return a source whose results are independent of each other."""
    return lambda at: poisson(random.Random(at.isoformat()), per_hour / STEPS_OF_HOUR)


SOURCES: dict[str, Comes] = {
    "a stream": between(0 * HOUR, DAY, 20),
    "a thin stream": lambda at: int(at.minute == 30),
    "at night, for ten minutes": between(2.5 * HOUR, 2.5 * HOUR + 10 * MINUTE, 250),
    "at night, on the hour": between(2 * HOUR, 2 * HOUR + 10 * MINUTE, 250),
    "at night, few": between(2.5 * HOUR, 2.5 * HOUR + 10 * MINUTE, 100),
    "at night, until twenty past six": between(2.5 * HOUR, 6 * HOUR + 20 * MINUTE, 50),
    "office hours": between(8 * HOUR, 18.5 * HOUR, 60),
    "once a week": between(6.5 * HOUR, 6.5 * HOUR + 10 * MINUTE, 1000, weekday=1),
    "each hour, at a quarter to": lambda at: 500 if at.minute == 45 else 0,
    "office hours, more or less": unpunctual(8 * HOUR, 18.5 * HOUR, 60, early=25 * MINUTE, late=12 * MINUTE),
    "at night, more or less": unpunctual(2.5 * HOUR, 3.5 * HOUR, 100, early=50 * MINUTE, late=10 * MINUTE),
    "at random, 5 an hour": at_random(5),
    "at random, 60 an hour": at_random(60),
    "every quarter of an hour": lambda at: 60 if at.minute % 15 == 0 else 0,
}
#: Time from the beginning of a step to the last result in it, for a source and for the whole.
LAST_OF_STEP = {True: MINUTE, False: STEP - timedelta(seconds=6)}


def steps(begin: datetime, end: datetime) -> Iterator[datetime]:
    return (begin + number * STEP for number in range((end - begin) // STEP))


class Source:
    """A source that was counted until it `stopped`, with the rhythm of its first weeks; alone, or one of several."""

    def __init__(self, comes: Comes, stopped: datetime, *, one_of_several: bool) -> None:
        self._one_of_several = one_of_several
        self._came = {at: results for at in steps(FIRST, stopped) if (results := comes(at))}
        self._order = sorted(self._came)
        last = self._last(DAY0)
        days = (DAY0 + number * DAY for number in range(-DAYS, 0))
        self._rhythm = learn_source(
            [SourceDay(day, [self._came.get(at, 0) for at in steps(day, day + DAY)]) for day in days],
            self._order[0],
            last,
        )

    def _last(self, at: datetime) -> datetime:
        """Return the time of the last result before."""
        return self._order[bisect_left(self._order, at) - 1] + LAST_OF_STEP[self._one_of_several]

    def state(self, at: datetime) -> FreshnessState | None:
        """Judge it as of a time."""
        last = self._last(at)
        begin = last - LAST_OF_STEP[self._one_of_several] + STEP - RECENT_STEPS * STEP
        counts = [self._came.get(each, 0) for each in steps(begin, begin + RECENT_STEPS * STEP)]
        pair = Pair("price", "MLB", self._rhythm, last, recent(last, counts))
        figures = Figures(at, {"price": at}, {"price": FIRST})
        judged = fresh_source(figures, SourcePair("/erp", pair)) if self._one_of_several else fresh(figures, pair)
        return judged.state


one_of_several = pytest.mark.parametrize("one_of_several", [True, False], ids=["one of several", "alone"])


@one_of_several
@pytest.mark.parametrize("name", SOURCES)
def test_what_comes_as_ever_is_never_silent(name: str, one_of_several: bool) -> None:  # noqa: FBT001 - a case
    days = 8 * DAY
    source = Source(SOURCES[name], DAY0 + days, one_of_several=one_of_several)
    assert [at for at in steps(DAY0, DAY0 + days) if source.state(at) is FreshnessState.SILENT] == []


@one_of_several
@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("a stream", 1 * HOUR),
        ("a thin stream", 12 * HOUR),
        ("office hours", 1 * DAY),
        ("each hour, at a quarter to", 9 * HOUR),
        ("at night, for ten minutes", 4 * DAY),
        ("at night, until twenty past six", 1 * DAY),
        ("once a week", 26 * DAY),
        ("office hours, more or less", 1 * DAY),
        ("every quarter of an hour", 3 * HOUR),
    ],
)
def test_what_has_stopped_is_silent_in_the_end(
    name: str,
    within: timedelta,
    one_of_several: bool,  # noqa: FBT001 - a case
) -> None:
    stopped = DAY0 + 12 * HOUR
    source = Source(SOURCES[name], stopped, one_of_several=one_of_several)
    assert source.state(stopped) is not FreshnessState.SILENT
    assert source.state(stopped + within) is FreshnessState.SILENT


def test_nothing_is_said_of_a_source_that_is_new() -> None:
    day = SourceDay(DAY0, [1] * STEPS_OF_DAY)
    assert learn_source([day], DAY0, DAY0 + 12 * HOUR) is None
