"""A day of one source: the results that were received in each of its steps of STEP_MINUTES.

Pure: a row's numbers in, counts as `schemas.rhythm.learn` takes them out.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from schemas.rhythm import SLOW_DAY_HOURS, STEP_MINUTES, STEPS_OF_HOUR, Count
from schemas.timestamp import EPOCH

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
    """Results of a source in one day of UTC. How many of them failed is not counted."""

    day: datetime
    steps: Sequence[int]

    def by_hour(self) -> dict[datetime, Count]:
        """Return the hours that had results."""
        return {hour: Count(results, 0) for hour, steps in self._hours() if (results := sum(steps))}

    def busy_steps(self) -> dict[datetime, int]:
        """Return how many steps of each hour had results, of the hours that had any."""
        return {hour: busy for hour, steps in self._hours() if (busy := sum(map(bool, steps)))}

    def _hours(self) -> Iterator[tuple[datetime, Sequence[int]]]:
        for first in range(0, STEPS_OF_DAY, STEPS_OF_HOUR):
            yield self.day + first * _STEP, self.steps[first : first + STEPS_OF_HOUR]

    def since(self, at: datetime) -> dict[datetime, Count]:
        """Return the steps that had results, and begin after `at`."""
        first = min(max((at - self.day) // _STEP + 1, 0), STEPS_OF_DAY)
        later = enumerate(self.steps[first:], first)
        return {self.day + number * _STEP: Count(results, 0) for number, results in later if results}


def recent(last: datetime, results: Sequence[int]) -> dict[datetime, Count]:
    """Return the steps that had results, of the RECENT_STEPS that end with that of the last result."""
    day, place = place_of(last)
    steps = enumerate(results, place - RECENT_STEPS)
    return {day + number * _STEP: Count(each, 0) for number, each in steps if each}


def place_of(at: datetime) -> Place:
    """Return the step that a time is in."""
    day = EPOCH + (at - EPOCH) // _DAY * _DAY
    return Place(day, (at - day) // _STEP + 1)
