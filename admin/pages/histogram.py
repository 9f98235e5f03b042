"""Histograms as shapes of an inline SVG: stacked columns, distinct by position and pattern as well as by colour.

There are two: of logs, each once, by the status that it has now; and of results, as they came.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from schemas.catalogue import SEVERITY
from schemas.filter import LogFilter
from schemas.series import ResultSeries

WIDTH = 600
HEIGHT = 72
_GAP = 1.5
#: Least height of a bar: one failure among thousands must be visible.
_LEAST_HEIGHT = 2.0


class Bar(NamedTuple):
    """One piece of a column."""

    status: str
    counted: int
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
    week_before: int | None  # total of the same time one week before, where that is drawn too
    left: float
    width: float

    def of(self, status: str) -> int:
        """Return how many have a status."""
        return next((bar.counted for bar in self.bars if bar.status == status), 0)


class Chart(NamedTuple):
    """All shapes of a chart, in a box of WIDTH by HEIGHT."""

    columns: list[Column]
    highest: int  # total of the highest column, or of the week before
    width: int
    height: int
    start: datetime  # the left end of the box
    end: datetime
    line: str  # points of the totals of the week before; empty where that is not drawn


class Window(NamedTuple):
    """Time of a box."""

    start: datetime
    end: datetime


class Span(Protocol):
    """Data of one column."""

    @property
    def from_(self) -> datetime: ...
    @property
    def to(self) -> datetime: ...
    @property
    def by_status(self) -> Mapping[str, int]: ...


class _Bucket(NamedTuple):
    from_: datetime
    to: datetime
    by_status: Mapping[str, int]


def window(filter_: LogFilter, now: datetime) -> Window | None:
    """Return the time that both charts of a filter show, so that a moment has one place; None for a filter without one:
    then each shows the time of what it counts.
    """
    start, end = filter_.processed_from, filter_.processed_to
    return None if start is None else Window(start, now if end is None else end)


def draw_results(series: ResultSeries | None, within: Window | None = None) -> Chart | None:
    """Draw a series by status, with the week before as a line if that has any; None when there is nothing to draw."""
    if series is None:
        return None
    before = [each.last_week.total for each in series.buckets if each.last_week is not None]
    buckets = [_Bucket(each.from_, each.to, each.counts) for each in series.buckets]
    return draw(buckets, before if any(before) else (), within)


def draw(spans: Sequence[Span], before: Sequence[int] = (), within: Window | None = None) -> Chart | None:
    """Draw a chart with one column for each span, where its time is; None when all are empty.

    `before`: for each span its total one week before, or nothing at all. `within`: the time of the box, which is wider
    where a span begins before or ends after it; unset, that of the spans.
    """
    totals = [sum(each.by_status.values()) for each in spans]
    highest = max([*totals, *before], default=0)
    if highest == 0:
        return None
    start, end = spans[0].from_, spans[-1].to
    if within is not None:
        start, end = min(start, within.start), max(end, within.end)
    length = (end - start) or timedelta(hours=1)
    weeks: Sequence[int | None] = before or [None] * len(spans)
    lefts = [WIDTH * ((each.from_ - start) / length) for each in spans]
    widths = [WIDTH * ((each.to - each.from_) / length) for each in spans]
    columns = [
        Column(
            each.from_,
            each.to,
            total,
            _bars(each.by_status, x, width, highest),
            earlier,
            round(x, 2),
            round(width, 2),
        )
        for each, x, width, total, earlier in zip(spans, lefts, widths, totals, weeks, strict=True)
    ]
    points = (x + width / 2 for x, width in zip(lefts, widths, strict=True))
    line = " ".join(f"{x:.2f},{HEIGHT - HEIGHT * y / highest:.2f}" for x, y in zip(points, before, strict=False))
    return Chart(columns, highest, WIDTH, HEIGHT, start, end, line)


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
