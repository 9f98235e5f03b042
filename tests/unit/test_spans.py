"""Taking time apart: the parts are the whole, and none overlaps."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.logs.spans import DAY, HOUR, WEEK, Span, bar_width, bars, between, moved, take_apart

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


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("America/Sao_Paulo", ["23T03", "24T03", "25T03", "26T03", "27T03"]),
        ("Europe/Madrid", ["23T22", "24T22", "25T23", "26T23"]),  # the clock goes back on the 25th
        ("Asia/Kolkata", ["23T18", "24T18", "25T18", "26T18"]),  # midnight is at half past
    ],
)
def test_days_begin_at_midnight_of_a_zone(zone: str, hours: list[str]) -> None:
    span = Span(datetime(2026, 10, 24, 2, tzinfo=UTC), datetime(2026, 10, 26, 17, tzinfo=UTC))
    assert [f"{edge:%dT%H}" for edge in bars(span, DAY, ZoneInfo(zone))] == hours
    assert bars(span, HOUR, ZoneInfo(zone)) == bars(span, HOUR)


def test_a_day_that_a_zone_leaves_out_is_no_bar() -> None:
    span = Span(datetime(2011, 12, 29, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))
    edges = bars(span, DAY, ZoneInfo("Pacific/Apia"))
    assert edges == sorted(set(edges))


def test_weeks_begin_on_monday_of_a_zone() -> None:
    span = Span(datetime(2026, 11, 23, 2, tzinfo=UTC), datetime(2026, 11, 23, 4, tzinfo=UTC))  # Sunday evening, Monday
    edges = bars(span, WEEK, ZoneInfo("America/Sao_Paulo"))
    assert [f"{edge:%m-%dT%H}" for edge in edges] == ["11-16T03", "11-23T03", "11-30T03"]


def test_hours_are_moved_from_the_day_of_utc_to_that_of_the_zone() -> None:
    day = datetime(2026, 11, 24, tzinfo=UTC)
    days = Span(day, day + 2 * DAY)
    assert moved(days, [day - DAY + 3 * HOUR, day + 3 * HOUR]) == [day, day + HOUR, day + 2 * HOUR]
    assert moved(days, [day + 23 * HOUR]) == [day + 23 * HOUR]
    assert moved(days, [day, day + DAY, day + 2 * DAY + 3 * HOUR]) == []


@pytest.mark.parametrize("days", [True, False])
def test_a_span_of_whole_units_has_no_rest(*, days: bool) -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
    parts = take_apart(start, end, days=days)
    whole, empty = Span(start, end), [span for span in parts.rows if span.start < span.end]
    assert (parts.days == whole, parts.hours[0] == whole) == (days, not days)
    assert parts.whole_hours == whole
    assert empty == []


def test_parts_are_as_large_as_they_can_be() -> None:
    start, end = datetime(2026, 1, 1, 22, 30, tzinfo=UTC), datetime(2026, 1, 4, 1, 15, tzinfo=UTC)
    parts = take_apart(start, end, days=True)
    assert list(parts.edges.values()) == [
        datetime(2026, 1, day, hour, minute, tzinfo=UTC)
        for day, hour, minute in [
            (2, 0, 0), (4, 0, 0), (1, 23, 0), (2, 0, 0), (4, 0, 0), (4, 1, 0),
            (1, 22, 30), (1, 23, 0), (4, 1, 0), (4, 1, 15), (1, 23, 0), (4, 1, 0),
        ]
    ]  # fmt: skip
    assert between(None, None) == Span(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    assert between(start, end) == Span(start, end)


def test_the_last_hour_of_all_time_is_a_part() -> None:
    end = datetime.max.replace(tzinfo=UTC)
    parts = take_apart(datetime(9999, 12, 31, 22, 30, tzinfo=UTC), None, days=True)
    assert parts.hours[0] == Span(datetime(9999, 12, 31, 23, tzinfo=UTC), end)
    parts = take_apart(datetime(9999, 12, 30, 22, 30, tzinfo=UTC), None, days=True)
    assert parts.days == Span(datetime(9999, 12, 31, tzinfo=UTC), end)


@pytest.mark.parametrize(
    ("weeks", "days", "width"), [(100, 0, 1), (100, 1, 2), (200, 0, 2), (200, 1, 3), (14, 2, None), (14, 3, 1)]
)
def test_weeks_are_added_where_a_hundred_do_not_do(weeks: int, days: int, width: int | None) -> None:
    start = datetime(2000, 1, 1, tzinfo=UTC)
    found = bar_width(Span(start, start + timedelta(weeks=weeks, days=days)))
    assert found == (DAY if width is None else width * WEEK)


def test_days_lie_in_a_bar_by_their_noon() -> None:
    """East of UTC the evening belongs to the next day; at exactly noon the morning moves."""
    day = datetime(2026, 11, 24, tzinfo=UTC)
    days = Span(day, day + 2 * DAY)
    assert moved(days, [day]) == []
    assert moved(days, [day + 12 * HOUR]) == [day + number * HOUR for number in range(12)]
    assert moved(days, [day + 13 * HOUR]) == [day + number * HOUR for number in range(13, 24)]
    assert moved(days, [day + 2 * DAY + HOUR]) == []
    assert moved(days, [day + DAY + HOUR]) == [day + DAY]
    assert moved(days, [day - HOUR]) == []


def test_a_bar_that_ends_with_the_span_is_the_last() -> None:
    day = datetime(2026, 11, 24, tzinfo=UTC)
    assert bars(Span(day, day + DAY), DAY) == [day, day + DAY]
    assert bars(Span(day, day + DAY), DAY, ZoneInfo("UTC")) == [day, day + DAY]
    assert len(bars(Span(day, day + DAY), DAY, ZoneInfo("America/Sao_Paulo"))) == 3
