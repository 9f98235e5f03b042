"""Freshness of one source of a type of an affiliate: by its own rhythm, as that of the pair.

Pure: days in, a `Rhythm` out.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from schemas.rhythm import Count, Freshness, Rhythm, learn
from schemas.signal import Figures, Pair, fresh
from schemas.source_day import SourceDay, within_hours

#: Counts by source are written by agents beside ingest: they are this old at most.
COUNTED_WITHIN: Final = timedelta(minutes=1)


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
    return learn(first, last, hours, steps, within_hours(days))


def fresh_source(figures: Figures, each: SourcePair) -> Freshness:
    """Judge how fresh a source is, as a pair is judged, as far as results are counted by source."""
    counted = {type_: at - COUNTED_WITHIN for type_, at in figures.as_of.items()}
    return fresh(figures._replace(as_of=counted), each.pair)
