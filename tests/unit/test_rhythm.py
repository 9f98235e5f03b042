"""Rhythms and freshness: what is usual at an hour of the week, and when its absence is more than chance."""

import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rhythm import (
    LATE,
    MIN_INTERVAL_SECONDS,
    SILENT,
    USUAL,
    Count,
    FreshnessState,
    Rhythm,
    freshness,
    high,
    learn,
    slot_of,
    together,
)
from schemas.uneven import STEPS_OF_HOUR, WEEK_HOURS
from tests.support.seeded_days import DAY, DAY0, HOUR, MINUTE, STEP, WEEK

#: A Thursday, 10:00.
NOW = DAY0 + 10 * HOUR


def flow(per_hour: float, night: float = 0.0, *, weeks: int = 8, apart: bool = True) -> Rhythm | None:
    """The rhythm of a steady flow from 7 on, with another one before."""
    draw = random.Random(1)
    hours = {}
    for number in range(1, weeks * WEEK_HOURS + 1):
        hour = NOW - number * HOUR
        mean = per_hour if hour.hour >= 7 else night
        results = int(mean) + (draw.random() < mean % 1)
        if results:
            hours[hour] = Count(results, results // 10)
    steps = {NOW - number * STEP: Count(max(1, round(per_hour / 12)), 0) for number in range(1, 200)} if apart else {}
    return learn(NOW - weeks * WEEK, NOW, hours, steps)


def test_nothing_is_known_before_two_weeks_have_passed() -> None:
    assert flow(60, weeks=1) is None
    assert learn(NOW - 2 * WEEK + HOUR, NOW, {}, {}) is None
    assert freshness(None, NOW, NOW + DAY, seen=0).state is None
    known = flow(60, weeks=2)
    assert known is not None
    assert known.weeks == 2


def test_a_connector_that_stops_is_late_and_silent_by_its_usual_interval() -> None:
    rhythm = flow(60)
    assert rhythm is not None
    found = freshness(rhythm, NOW, NOW, seen=360)
    assert found.usual_interval_seconds == pytest.approx(USUAL * 60, rel=0.01)
    assert found.late_from is not None
    assert found.silent_from is not None
    assert found.late_from - NOW == pytest.approx(LATE * USUAL * MINUTE, abs=timedelta(seconds=2))
    assert found.silent_from - NOW == pytest.approx(SILENT * USUAL * MINUTE, abs=timedelta(seconds=2))
    second = timedelta(seconds=1)
    states = [
        freshness(rhythm, NOW, at, seen=360).state
        for at in (found.late_from - second, found.late_from, found.silent_from - second, found.silent_from)
    ]
    assert states == [FreshnessState.FRESH, FreshnessState.LATE, FreshnessState.LATE, FreshnessState.SILENT]


def test_a_busy_flow_is_not_silent_between_two_deliveries() -> None:
    rhythm = flow(36_000)
    assert rhythm is not None
    found = freshness(rhythm, NOW, NOW + timedelta(seconds=SILENT * MIN_INTERVAL_SECONDS - 1), seen=216_000)
    assert found.state is FreshnessState.LATE
    assert found.usual_interval_seconds == MIN_INTERVAL_SECONDS


def test_a_quiet_night_is_fresh_until_the_morning() -> None:
    rhythm = flow(60, night=0.0)
    assert rhythm is not None
    last = DAY0 - MINUTE
    assert freshness(rhythm, last, DAY0 + 7 * HOUR, seen=360).state is FreshnessState.FRESH
    assert freshness(rhythm, last, DAY0 + 7 * HOUR + 30 * MINUTE, seen=360).state is FreshnessState.SILENT


def test_less_is_to_be_expected_on_a_slow_day() -> None:
    rhythm = flow(60)
    assert rhythm is not None
    last, later = NOW + 5 * HOUR, NOW + 5 * HOUR + 20 * MINUTE
    assert freshness(rhythm, last, later, seen=300).state is FreshnessState.SILENT
    assert freshness(rhythm, last, later, seen=None).state is FreshnessState.SILENT
    assert freshness(rhythm, last, later, seen=40).state is FreshnessState.FRESH


def test_what_nobody_looked_for_is_not_missing() -> None:
    rhythm = flow(60)
    assert rhythm is not None
    late = NOW + 3 * HOUR
    assert freshness(rhythm, NOW, late, seen=360).state is FreshnessState.SILENT
    assert freshness(rhythm, NOW, late, seen=360, whole_since=late - MINUTE).state is FreshnessState.FRESH
    # Data that is complete up to the last result only says nothing about what comes after it.
    assert freshness(rhythm, NOW, NOW - HOUR, seen=360).state is FreshnessState.FRESH


def test_one_result_a_day_at_a_fixed_hour_is_missed_within_a_week() -> None:
    hours = {NOW - number * DAY: Count(1, 0) for number in range(1, 60)}
    rhythm = learn(NOW - 8 * WEEK, NOW, hours, {NOW - number * HOUR: Count(1, 0) for number in (2, 4, 6, 8, 10)})
    assert rhythm is not None
    assert freshness(rhythm, NOW - DAY, NOW + 3 * DAY, seen=1).state is FreshnessState.LATE
    assert freshness(rhythm, NOW - DAY, NOW + 7 * DAY, seen=1).state is FreshnessState.SILENT


def test_results_that_come_together_are_one_arrival() -> None:
    hours = {NOW - number * HOUR: Count(60, 0) for number in range(1, 8 * WEEK_HOURS + 1)}
    each_step = learn(NOW - 8 * WEEK, NOW, hours, {NOW - number * STEP: Count(5, 0) for number in range(1, 200)})
    each_hour = learn(NOW - 8 * WEEK, NOW, hours, {NOW - number * HOUR: Count(60, 0) for number in range(1, 20)})
    unknown = learn(NOW - 8 * WEEK, NOW, hours, {})
    assert each_step is not None
    assert each_hour is not None
    assert unknown is not None
    assert freshness(each_step, NOW, NOW + HOUR, seen=360).state is FreshnessState.SILENT
    for rhythm in (each_hour, unknown):
        assert freshness(rhythm, NOW, NOW + HOUR, seen=360).state is FreshnessState.FRESH


def test_weeks_without_results_and_one_with_many_change_little() -> None:
    hours = {NOW - number * HOUR: Count(20, 2) for number in range(1, 8 * WEEK_HOURS + 1)}
    quiet = {hour: count for hour, count in hours.items() if not NOW - 2 * WEEK <= hour < NOW - WEEK}
    loud = {hour: Count(2000, 0) if hour > NOW - DAY else count for hour, count in hours.items()}
    steps = {NOW - number * STEP: Count(2, 0) for number in range(1, 200)}
    for changed in (quiet, loud):
        rhythm = learn(NOW - 8 * WEEK, NOW, changed, steps)
        assert rhythm is not None
        assert rhythm.pace[slot_of(NOW - 3 * HOUR)] == pytest.approx(20, rel=0.1)


def test_the_share_of_an_hour_with_few_results_is_about_that_of_the_week() -> None:
    hours = {NOW - number * HOUR: Count(40, 4) for number in range(1, 8 * WEEK_HOURS + 1)}
    few = {hour: Count(1, 1) if hour.hour in (2, 3, 4) else count for hour, count in hours.items()}
    rhythm = learn(NOW - 8 * WEEK, NOW, few, {})
    assert rhythm is not None
    assert rhythm.share(NOW) == pytest.approx(0.1, abs=0.01)
    assert 0.1 < rhythm.share(DAY0 + 3 * HOUR) < 0.8
    assert rhythm.rough == 0.02  # no hour with enough of them differs


def rhythm_of(pace: list[float], uneven: dict[int, list[float]]) -> Rhythm:
    """A rhythm of which some hours are not even."""
    whole = (sum(uneven[slot]) if slot in uneven else each for slot, each in enumerate(pace))
    return Rhythm(weeks=8, pace=tuple(whole), shares=(0.1,) * WEEK_HOURS, rough=0.1, uneven=uneven)


RHYTHMS = st.builds(
    rhythm_of,
    st.lists(st.floats(0, 100), min_size=WEEK_HOURS, max_size=WEEK_HOURS),
    st.dictionaries(
        st.integers(0, WEEK_HOURS - 1),
        st.lists(st.floats(0.01, 20) | st.just(0.0), min_size=STEPS_OF_HOUR, max_size=STEPS_OF_HOUR),
        max_size=20,
    ),
)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=NOW.tzinfo))


@given(RHYTHMS, TIMES, st.floats(0.01, 50_000))
def test_the_time_by_which_so_many_are_expected_is_that(rhythm: Rhythm, start: datetime, expected: float) -> None:
    at = rhythm.when(start, expected)
    if at is None:
        assert rhythm.expected(start, start + 8 * WEEK) <= expected * 1.001
    else:
        assert rhythm.expected(start, at) == pytest.approx(expected, rel=1e-3, abs=1e-3)


@given(RHYTHMS, st.lists(TIMES, min_size=3, max_size=3).map(sorted))
def test_what_is_expected_adds_up(rhythm: Rhythm, times: list[datetime]) -> None:
    parts = sum(rhythm.expected(*each) for each in pairwise(times))
    assert parts == pytest.approx(rhythm.expected(times[0], times[-1]), rel=1e-6, abs=1e-6)
    both = together([(rhythm, 1.0), (rhythm, 0.5)])
    expected = 1.5 * rhythm.expected(times[0], times[1])
    assert both.expected(times[0], times[1]) == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_nineteen_of_twenty_cases_have_no_more() -> None:
    assert high([9] * 16, 336) == 0
    assert high([9] * 17, 336) == 9
    assert high([], 336) == 0
