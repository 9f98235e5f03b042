"""Taking time apart: the parts are the whole, and none overlaps."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.spans import DAY, HOUR, WEEK, Span, bar_width, bars, take_apart

MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9), timezones=st.just(UTC))


def holds(span: Span, at: datetime) -> bool:
    return span.start <= at < span.end


@given(start=st.none() | MOMENTS, end=st.none() | MOMENTS, at=MOMENTS, days=st.booleans())
def test_every_moment_of_the_span_is_in_exactly_one_part(
    *, start: datetime | None, end: datetime | None, at: datetime, days: bool
) -> None:
    parts = take_apart(start, end, days=days)
    inside = (start is None or start <= at) and (end is None or at < end)
    found = [holds(span, at) for span in (parts.days, *parts.hours, *parts.rows)]
    assert sum(found) == inside
    assert holds(parts.whole_hours, at) == (holds(parts.days, at) or any(holds(span, at) for span in parts.hours))


@given(start=st.none() | MOMENTS, end=st.none() | MOMENTS, days=st.booleans())
def test_days_and_hours_are_whole(*, start: datetime | None, end: datetime | None, days: bool) -> None:
    parts = take_apart(start, end, days=days)
    for span, unit in ((parts.days, DAY), (parts.hours[0], HOUR), (parts.hours[1], HOUR)):
        for edge in span:
            if span.start < span.end and edge.year not in {1, 9999}:
                assert (edge - datetime(2026, 1, 1, tzinfo=UTC)) % unit == timedelta(0)


def test_a_zone_changes_nothing() -> None:
    start = datetime(2026, 1, 1, 22, 30, tzinfo=timezone(timedelta(hours=-3)))
    assert take_apart(start, None, days=True) == take_apart(start.astimezone(UTC), None, days=True)


def test_the_end_of_time_is_no_error() -> None:
    end = datetime.max.replace(tzinfo=UTC) - timedelta(minutes=5)
    assert holds(take_apart(end, None, days=True).rows[0], end)


@pytest.mark.parametrize(
    ("length", "width"),
    [
        (timedelta(minutes=1), HOUR),
        (timedelta(hours=100), HOUR),
        (timedelta(hours=101), DAY),
        (timedelta(days=100), DAY),
        (timedelta(days=101), WEEK),
        (timedelta(days=3650), WEEK * 6),
    ],
)
def test_bars_are_as_narrow_as_a_hundred_allow(length: timedelta, width: timedelta) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert bar_width(Span(start, start + length)) == width
    assert len(bars(Span(start, start + length), width)) <= 103


def test_bars_cover_the_span_and_begin_on_whole_units() -> None:
    span = Span(datetime(2026, 1, 1, 5, 17, tzinfo=UTC), datetime(2026, 1, 1, 7, 1, tzinfo=UTC))
    assert bars(span, HOUR) == [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (5, 6, 7, 8)]
    assert bars(span, WEEK)[0] == datetime(2025, 12, 29, tzinfo=UTC)  # a Monday
