"""Hours of the week in which results don't come evenly: jobs, and the beginning and the end of a working day.

Pure: counts of the steps of hours in, arrivals to be expected in each step out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from math import exp, inf, log
from typing import Final

from schemas.timestamp import EPOCH

WEEK_HOURS: Final = 168
#: Minutes of the steps in which arrivals are counted: results within one may have come together.
STEP_MINUTES: Final = 5
STEPS_OF_HOUR: Final = 60 // STEP_MINUTES
#: Steps with results, as a part of those that as many results at random would have: with less, an hour is not even.
_EVEN: Final = 0.75
#: Chance below which it is no chance that a step of an even hour had no results.
_NO_CHANCE: Final = 0.01
_HOUR: Final = timedelta(hours=1)

#: Hours of the week, each with the arrivals to be expected in its steps.
Uneven = Mapping[int, Sequence[float]]


def at_most(busy: int, weeks: int) -> float:
    """Return the arrivals to be expected in a span that had some in `busy` of so many weeks, and no more.

    By the rule of succession: what was never empty in eight weeks is empty in one of ten.
    """
    return log((weeks + 2) / (weeks - busy + 1)) if busy else 0.0


def uneven_hours(within: Mapping[datetime, Sequence[int]], end: int, weeks: int, pace: Sequence[float]) -> Uneven:
    """Return the hours of the week that are not even.

    `within`: results in each step of hours that had any, of some of the `weeks` before the hour `end` since 1970: all
    since the first. `pace`: what is to be expected in each hour of the week; its steps add up to that at most.
    """
    if not within:
        return {}
    weeks = min(weeks, (end - (min(within) - EPOCH) // _HOUR) // WEEK_HOURS)
    known: dict[int, list[Sequence[int]]] = {}
    for hour, steps in within.items():
        number = (hour - EPOCH) // _HOUR
        if 1 <= end - number <= weeks * WEEK_HOURS:
            known.setdefault(number % WEEK_HOURS, []).append(steps)
    found = {}
    for slot, hours in known.items():
        expected = _steps(hours, weeks, pace[slot])
        if expected is not None:
            too_many = max(1.0, sum(expected) / pace[slot]) if pace[slot] > 0 else inf
            found[slot] = [each / too_many for each in expected]
    return found


def _steps(hours: Sequence[Sequence[int]], weeks: int, pace: float) -> Sequence[float] | None:
    """Return the arrivals to be expected in each step of an hour with these results; None for one that is even."""
    busy = [sum(map(bool, of_step)) for of_step in zip(*hours, strict=True)]
    if sum(busy) < _EVEN * sum(map(_busy_by_chance, map(sum, hours))):
        return [at_most(each, weeks) for each in busy]
    if min(busy) == weeks or weeks * exp(-_mean(hours, weeks)) > _NO_CHANCE:
        return None
    return [pace / STEPS_OF_HOUR if each == weeks else min(pace / STEPS_OF_HOUR, at_most(each, weeks)) for each in busy]


def _busy_by_chance(results: int) -> float:
    """Return how many steps of an hour have some of so many results that come at random."""
    return STEPS_OF_HOUR * (1 - (1 - 1 / STEPS_OF_HOUR) ** results)


def _mean(hours: Iterable[Sequence[int]], weeks: int) -> float:
    """Return the results of a step on average."""
    return sum(map(sum, hours)) / (weeks * STEPS_OF_HOUR)
