"""The hour in which a known fault became frequent: its rate changed most."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import log
from typing import Final

_HOUR: Final = timedelta(hours=1)
#: Times by which a fault must be more frequent after a beginning than before it.
_TIMES: Final = 3
#: Results after it, below which nothing is said.
_SOME: Final = 8
#: Gain in log-likelihood that chance brings once in some thousand series of two weeks.
_GAIN: Final = 14.0


def beginning(hours: Mapping[datetime, int], first: datetime, end: datetime) -> datetime | None:
    """Return the hour from which on a fault was more frequent; None where there is no such hour.

    `hours` are its results by hour, of which those left out had none, from `first` to `end`, both whole hours. It is
    the change point of two constant rates that fits best.
    """
    span = round((end - first) / _HOUR)
    counts = [hours.get(first + _HOUR * place, 0) for place in range(span)]
    total = sum(counts)
    best, found, before = _GAIN, None, 0
    for place in range(1, span):
        before += counts[place - 1]
        after, later = total - before, span - place
        if after < _SOME or after * place < _TIMES * before * later:
            continue
        gain = _likelihood(before, place) + _likelihood(after, later) - _likelihood(total, span)
        if gain > best:
            best, found = gain, first + _HOUR * place
    return found


def _likelihood(count: int, hours: int) -> float:
    return count * log(count / hours) if count else 0.0
