"""Spans of time as whole days, whole hours and the rest, since the kept counts are of days and hours."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)

_EDGES: Final = ("from", "to")
_BARS: Final = 100
_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


class Span(NamedTuple):
    """[start, end); empty when end is not after start."""

    start: datetime
    end: datetime


_NOTHING: Final = Span(_FIRST, _FIRST)


def between(start: datetime | None, end: datetime | None) -> Span:
    """Return the span between two times; None is an open end."""
    return Span(start or _FIRST, end or _LAST)


class Parts(NamedTuple):
    """Parts of a span. Each may be empty; together they are the span, and none overlaps another."""

    days: Span
    hours: tuple[Span, Span]  # before and after the days
    rows: tuple[Span, Span]  # before and after the whole hours
    whole_hours: Span  # the days and the hours

    @property
    def edges(self) -> dict[str, datetime]:
        """Return start and end of each part, by their names in `counted_days` and `counted_rest`."""
        (hours_before, hours_after), (logs_before, logs_after) = self.hours, self.rows
        spans = {
            "days": self.days,
            "hours_before": hours_before,
            "hours_after": hours_after,
            "logs_before": logs_before,
            "logs_after": logs_after,
            "whole_hours": self.whole_hours,
        }
        return {f"{name}_{edge}": at for name, span in spans.items() for edge, at in zip(_EDGES, span, strict=True)}


def take_apart(start: datetime | None, end: datetime | None, *, days: bool) -> Parts:
    """Split a span into the largest possible parts; without `days`, into hours at most. None is an open end.

    Parts are in UTC, whatever zone the arguments are in.
    """
    first = _FIRST if start is None else start.astimezone(UTC)
    last = _LAST if end is None else end.astimezone(UTC)
    whole = Span(_up(first, HOUR), _down(last, HOUR))
    if whole.end <= whole.start:
        return Parts(_NOTHING, (_NOTHING, _NOTHING), (Span(first, last), _NOTHING), _NOTHING)
    inner = Span(_up(whole.start, DAY), _down(whole.end, DAY)) if days else _NOTHING
    if inner.end <= inner.start:
        return Parts(_NOTHING, (whole, _NOTHING), (Span(first, whole.start), Span(whole.end, last)), whole)
    return Parts(
        inner,
        (Span(whole.start, inner.start), Span(inner.end, whole.end)),
        (Span(first, whole.start), Span(whole.end, last)),
        whole,
    )


def bar_width(span: Span) -> timedelta:
    """Return an hour, a day, or weeks: the shortest width that needs no more than about a hundred bars."""
    length = span.end - span.start
    for width in (HOUR, DAY, WEEK):
        if length <= width * _BARS:
            return width
    return WEEK * -(-length // (WEEK * _BARS))


def bars(span: Span, width: timedelta, zone: tzinfo = UTC) -> list[datetime]:
    """Return the edges of bars of `width`, the first at or before the span's start.

    Hours are those of UTC; days begin at midnight of `zone`, weeks on Monday. Where that is not on a whole hour of
    UTC, a day begins with the hour that holds its midnight, since counts are by hour.
    """
    if width < DAY:
        zone = UTC
    at = _down(span.start.astimezone(zone).replace(tzinfo=UTC), width)
    edges = [_hour_of(at, zone)]
    while edges[-1] < span.end:
        at += width
        edge = _hour_of(at, zone)
        if edge > edges[-1]:  # a zone that moves across the date line leaves a day out
            edges.append(edge)
    return edges


def moved(days: Span, edges: Iterable[datetime]) -> list[datetime]:
    """Return the hours of `days` that lie in another bar than the noon of their day of UTC.

    `days` is a span of whole days; the edges lie at least a day apart, but for a change of the clock.
    """
    hours: list[datetime] = []
    for edge in edges:
        day = _down(edge, DAY)
        if edge != day and days.start <= day < days.end:
            start, end = (day, edge) if edge <= day + DAY / 2 else (edge, day + DAY)
            hours += (start + number * HOUR for number in range((end - start) // HOUR))
    return hours


def week_before(at: datetime, zone: tzinfo) -> datetime:
    """Return the whole hour of UTC of the same local time one week before."""
    return _hour_of(at.astimezone(zone).replace(tzinfo=UTC) - WEEK, zone)


def _hour_of(local: datetime, zone: tzinfo) -> datetime:
    """Return the whole hour of UTC that holds a local time of `zone`; the time's own zone is ignored."""
    return _down(local.replace(tzinfo=zone).astimezone(UTC), HOUR)


def _down(at: datetime, unit: timedelta) -> datetime:
    if at in (_FIRST, _LAST):
        return at
    # datetime.min is a Monday.
    return at - (at - _FIRST) % unit


def _up(at: datetime, unit: timedelta) -> datetime:
    down = _down(at, unit)
    if down == at:
        return at
    return down + unit if down <= _LAST - unit else _LAST
