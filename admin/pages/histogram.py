"""A histogram as shapes of an inline SVG: stacked columns, distinct by position and pattern as well as by colour."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from schemas.catalogue import SEVERITY

WIDTH = 600
HEIGHT = 72
_GAP = 1.5
#: Least height of a bar: one failure among thousands must be visible.
_LEAST_HEIGHT = 2.0


class Bar(NamedTuple):
    """One piece of a column."""

    status: str
    logs: int
    x: float
    y: float
    width: float
    height: float


class Column(NamedTuple):
    """One span of time."""

    start: datetime
    end: datetime
    total: int
    bars: list[Bar]


class Chart(NamedTuple):
    """All shapes of a chart, in a box of WIDTH by HEIGHT."""

    columns: list[Column]
    highest: int  # total of the highest column
    width: int
    height: int


class Span(Protocol):
    """Data of one column."""

    @property
    def from_(self) -> datetime: ...
    @property
    def to(self) -> datetime: ...
    @property
    def by_status(self) -> Mapping[str, int]: ...


def draw(spans: Sequence[Span]) -> Chart | None:
    """Draw a chart with one column for each span; None when all are empty."""
    read = [(each.from_, each.to, each.by_status) for each in spans]
    highest = max((sum(counts.values()) for _start, _end, counts in read), default=0)
    if highest == 0:
        return None
    step = WIDTH / len(read)
    columns = [
        Column(start, end, sum(counts.values()), _bars(counts, index * step, step, highest))
        for index, (start, end, counts) in enumerate(read)
    ]
    return Chart(columns, highest, WIDTH, HEIGHT)


def _bars(counts: Mapping[str, int], x: float, step: float, highest: int) -> list[Bar]:
    """Draw bars from the bottom: errors first, so that they stand on the base line, where they compare best."""
    bars: list[Bar] = []
    floor = float(HEIGHT)
    for status in sorted(counts, key=lambda each: -SEVERITY.get(each, 0)):  # type: ignore[call-overload]
        count = counts[status]
        if count == 0:
            continue
        height = min(floor, max(_LEAST_HEIGHT, HEIGHT * count / highest))
        floor -= height
        bars.append(Bar(status, count, round(x, 2), round(floor, 2), round(max(1.0, step - _GAP), 2), round(height, 2)))
    return bars
