"""Freshness of one source of a type of an affiliate: by its own rhythm, and more cautiously than that of the pair.

A pair has several streams in one; a source may be one job at night. Within an hour it is thought of as even, which such
a job is not: an hour that was not busy from its beginning to its end in other weeks expects one arrival, no more.
Pure: days in, a `Rhythm` out.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from schemas.rhythm import STEPS_OF_HOUR, WEEK_HOURS, Count, Freshness, Rhythm, learn, never_empty, slot_of
from schemas.signal import Figures, Pair, fresh
from schemas.source_day import SourceDay
from schemas.timestamp import EPOCH

#: Counts by source are written by agents beside ingest: they are this old at most.
COUNTED_WITHIN: Final = timedelta(minutes=1)
#: Steps with results of an hour that counts as busy from its beginning to its end.
FULL_STEPS: Final = STEPS_OF_HOUR - 1
_HOUR: Final = timedelta(hours=1)


class SourcePair(NamedTuple):
    """One source of one type of one affiliate, where several have had results lately."""

    source: str
    pair: Pair  # with the rhythm, the last result and the steps of this source alone


def learn_source(days: Sequence[SourceDay], first: datetime, last: datetime) -> Rhythm | None:
    """Learn the rhythm of a source from its days; None while there are too few weeks (`schemas.rhythm.learn`)."""
    hours: dict[datetime, Count] = {}
    steps: dict[datetime, Count] = {}
    for each in days:
        hours |= each.by_hour()
        steps |= each.since(last - timedelta(hours=24))
    rhythm = learn(first, last, hours, steps)
    if rhythm is None:
        return None
    full, once = _full_slots(days, last, rhythm.weeks), never_empty(rhythm.weeks)
    pace = (pace if slot in full else min(pace, once) for slot, pace in enumerate(rhythm.pace))
    return replace(rhythm, pace=tuple(pace))


def _full_slots(days: Sequence[SourceDay], last: datetime, weeks: int) -> set[int]:
    """Return the hours of the week that were full in all but a quarter of the weeks before the last result."""
    end = (last - EPOCH) // _HOUR
    full = [0] * WEEK_HOURS
    for each in days:
        for hour, busy in each.busy_steps().items():
            if busy >= FULL_STEPS and 1 <= end - (hour - EPOCH) // _HOUR <= weeks * WEEK_HOURS:
                full[slot_of(hour)] += 1
    return {slot for slot, count in enumerate(full) if count >= weeks - weeks // 4}


def fresh_source(figures: Figures, each: SourcePair) -> Freshness:
    """Judge how fresh a source is, as a pair is judged, as far as results are counted by source."""
    counted = {type_: at - COUNTED_WITHIN for type_, at in figures.as_of.items()}
    return fresh(figures._replace(as_of=counted), each.pair)
