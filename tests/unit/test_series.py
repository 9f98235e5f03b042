"""Spans and buckets of the series, and which filters of logs it can follow."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.filter import LogFilter
from schemas.reasons.error import ReasonError
from schemas.series import HOURLY_DAYS, MAX_DAYS, REPEATABLE_OF_SERIES, SeriesQuery, series_of
from storage.logs.spans import HOUR, week_before
from tests.support.some_logs import EVERY

NOW = datetime(2026, 11, 24, 12, 34, tzinfo=UTC)
DAY = timedelta(days=1)
TIMES = st.datetimes(datetime(2001, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@given(start=TIMES, length=st.timedeltas(timedelta(microseconds=1), 31 * DAY))
def test_a_span_is_widened_to_whole_hours_and_no_further(*, start: datetime, length: timedelta) -> None:
    first, last = SeriesQuery(processed_from=start, processed_to=start + length).span(NOW)
    assert timedelta() <= start - first < HOUR
    assert timedelta() <= last - (start + length) < HOUR
    assert all((at.minute, at.second, at.microsecond) == (0, 0, 0) for at in (first, last))


def test_without_ends_it_is_the_last_seven_days() -> None:
    assert SeriesQuery().span(NOW) == (NOW.replace(minute=0) - 7 * DAY, NOW.replace(minute=0) + HOUR)


@pytest.mark.parametrize(("days", "bucket"), [(HOURLY_DAYS, "hour"), (HOURLY_DAYS + 1, "day")])
def test_the_length_of_the_span_chooses_the_bucket(days: int, bucket: str) -> None:
    query = SeriesQuery(processed_from=NOW - days * DAY, processed_to=NOW)
    assert query.bucket_of(query.span(NOW)) == bucket
    assert query.model_copy(update={"bucket": "hour"}).bucket_of(query.span(NOW)) == "hour"


@pytest.mark.parametrize("bucket", MAX_DAYS)
def test_a_span_that_is_too_long_is_refused_with_its_limit(bucket: Any) -> None:
    limit = MAX_DAYS[bucket] * DAY
    SeriesQuery(bucket=bucket, processed_from=NOW - limit).span(NOW)
    with pytest.raises(ReasonError) as refused:
        SeriesQuery(bucket=bucket, processed_from=NOW - limit - 3 * HOUR).span(NOW)
    assert dict(refused.value.reason.parameters) == {"days": MAX_DAYS[bucket], "bucket": bucket}


def test_a_list_is_followed_where_results_are_counted_by_all_that_it_chooses_by() -> None:
    """Any field of the filter is walked: those of the series mean the same in both."""
    for name in LogFilter.model_fields:
        query = series_of(LogFilter.model_validate({name: EVERY[name]}), "America/Sao_Paulo")
        assert (query is None) == (name not in SeriesQuery.model_fields), name
        if query is not None:
            value = getattr(query, name)
            assert value == EVERY[name]
            assert query.timezone == "America/Sao_Paulo"


def test_a_list_of_impossible_times_is_not_followed() -> None:
    assert series_of(LogFilter(processed_from=datetime(1, 1, 1, tzinfo=UTC)), "UTC") is None


def test_repeatable_parameters_are_those_that_have_several_values() -> None:
    repeatable = {"status", "affiliate", "code", "exclude_affiliate", "exclude_code"}
    assert repeatable == REPEATABLE_OF_SERIES


def test_a_week_before_is_the_same_local_time() -> None:
    madrid = ZoneInfo("Europe/Madrid")  # put back to UTC+1 on 2026-10-25
    nine = datetime(2026, 10, 28, 9, tzinfo=madrid)
    assert week_before(nine, madrid) == datetime(2026, 10, 21, 9, tzinfo=madrid)
    assert nine.astimezone(UTC) - week_before(nine, madrid) == 7 * DAY + HOUR
    assert week_before(nine, UTC) == nine.astimezone(UTC) - 7 * DAY
