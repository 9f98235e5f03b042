"""A day of one or more sources: the results that were received in each of its steps of STEP_MINUTES.

Pure: a row's numbers in, counts as `schemas.rhythm.learn` takes them out.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from schemas.rhythm import SLOW_DAY_HOURS, Count
from schemas.timestamp import EPOCH
from schemas.uneven import STEP_MINUTES, STEPS_OF_HOUR

STEPS_OF_DAY: Final = 24 * STEPS_OF_HOUR
_STEP: Final = timedelta(minutes=STEP_MINUTES)
_DAY: Final = timedelta(days=1)
#: Steps up to that of the last result by which a slow day is known.
RECENT_STEPS: Final = SLOW_DAY_HOURS * STEPS_OF_HOUR


class Place(NamedTuple):
    """The step in which a time is, as the day's row has it."""

    day: datetime
    place: int  # of the step among those of the day; the first is 1


class SourceDay(NamedTuple):
    """Results of sources in one day of UTC. How many of them failed is not counted."""

    day: datetime
    steps: Sequence[int]

    def by_hour(self) -> dict[datetime, Count]:
        """Return the hours that had results."""
        return {hour: Count(sum(steps), 0) for hour, steps in self.within().items()}

    def within(self) -> dict[datetime, Sequence[int]]:
        """Return the results of each step of the hours that had any."""
        of_hours = (
            (self.day + first * _STEP, self.steps[first : first + STEPS_OF_HOUR])
            for first in range(0, STEPS_OF_DAY, STEPS_OF_HOUR)
        )
        return {hour: steps for hour, steps in of_hours if any(steps)}

    def since(self, at: datetime) -> dict[datetime, Count]:
        """Return the steps that had results, and begin after `at`."""
        first = min(max((at - self.day) // _STEP + 1, 0), STEPS_OF_DAY)
        later = enumerate(self.steps[first:], first)
        return {self.day + number * _STEP: Count(results, 0) for number, results in later if results}


def within_hours(days: Iterable[SourceDay]) -> dict[datetime, Sequence[int]]:
    """Return the results of each step of the hours that had any, of the days of several sources together."""
    found: dict[datetime, Sequence[int]] = {}
    for day in days:
        for hour, steps in day.within().items():
            found[hour] = [*map(sum, zip(found[hour], steps, strict=True))] if hour in found else steps
    return found


def recent(last: datetime, results: Sequence[int]) -> dict[datetime, Count]:
    """Return the steps that had results, of the RECENT_STEPS that end with that of the last result."""
    day, place = place_of(last)
    steps = enumerate(results, place - RECENT_STEPS)
    return {day + number * _STEP: Count(each, 0) for number, each in steps if each}


def place_of(at: datetime) -> Place:
    """Return the step that a time is in."""
    day = EPOCH + (at - EPOCH) // _DAY * _DAY
    return Place(day, (at - day) // _STEP + 1)
