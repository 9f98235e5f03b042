"""The share of failures of a span, beside what is usual for these hours of the week."""

from datetime import datetime
from enum import StrEnum
from math import log
from typing import Final, NamedTuple

from schemas.rhythm import Count, Rhythm
from schemas.signal import surprise

#: Results from which a share is judged, and failures from which it may be too high.
MIN_RESULTS: Final = 20
MIN_FAILURES: Final = 5
#: Negative logarithm of the chance by which a usual span would be as far away: one in a hundred.
CHANCE: Final = log(100)


class Departure(StrEnum):
    """Ways in which a share of failures is not as usual."""

    MORE = "more"
    FEWER = "fewer"


class Judged(NamedTuple):
    """A share of failures beside its usual."""

    departure: Departure | None  # None: as usual, or not known
    usual: float | None  # None: not known, there are no two weeks of results


def judge(count: Count, rhythm: Rhythm | None, start: datetime, end: datetime) -> Judged:
    """Judge the share of failures of a span of time.

    It departs when it is beyond what 19 of 20 single hours of such a time have, and that by more than chance: a
    longer span varies less than its hours do.
    """
    if rhythm is None:
        return Judged(None, None)
    usual = rhythm.share_between(start, end)
    if count.results < MIN_RESULTS:
        return Judged(None, usual)
    share = count.failures / count.results
    high, low = usual + rhythm.rough, usual - rhythm.rough
    if share > high and count.failures >= MIN_FAILURES and surprise(count, high) >= CHANCE:
        return Judged(Departure.MORE, usual)
    if share < low and surprise(count, low) >= CHANCE:
        return Judged(Departure.FEWER, usual)
    return Judged(None, usual)
