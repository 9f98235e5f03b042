"""A day of one source: its row's numbers as counts by hour and by step, and back."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.rhythm import SLOW_DAY_HOURS, Count
from schemas.source_day import RECENT_STEPS, STEPS_OF_DAY, SourceDay, place_of, recent
from schemas.uneven import STEP_MINUTES
from tests.support.seeded_days import DAY, DAY0, HOUR, STEP

times = st.integers(0, int(DAY.total_seconds()) - 1).map(lambda seconds: DAY0 + timedelta(seconds=seconds))


def day_of(came: list[datetime]) -> SourceDay:
    steps = [0] * STEPS_OF_DAY
    for each in came:
        steps[place_of(each).place - 1] += 1
    return SourceDay(DAY0, steps)


@given(st.lists(times))
def test_what_came_is_counted_in_its_hour_and_in_its_step(came: list[datetime]) -> None:
    day = day_of(came)
    for span, counted in ((HOUR, day.by_hour()), (STEP, day.since(DAY0 - DAY))):
        begins = [DAY0 + (each - DAY0) // span * span for each in came]
        assert counted == {each: Count(begins.count(each), 0) for each in begins}


@given(st.lists(times), times)
def test_steps_are_told_from_a_time_on(came: list[datetime], since: datetime) -> None:
    day = day_of(came)
    whole = day.since(DAY0 - DAY)
    assert day.since(since) == {step: count for step, count in whole.items() if step > since}


@given(st.lists(times), times.filter(lambda at: at >= DAY0 + SLOW_DAY_HOURS * HOUR))
def test_the_steps_up_to_the_last_result_are_those_of_a_slow_day(came: list[datetime], last: datetime) -> None:
    day = day_of([each for each in came if each <= last])
    place = place_of(last).place
    assert recent(last, day.steps[place - RECENT_STEPS : place]) == day.since(last - SLOW_DAY_HOURS * HOUR)


@given(times)
def test_the_place_of_a_time_is_the_step_that_it_is_in(at: datetime) -> None:
    place = place_of(at)
    begin = place.day + (place.place - 1) * timedelta(minutes=STEP_MINUTES)
    assert place.day == DAY0
    assert begin <= at < begin + STEP
    assert 1 <= place.place <= STEPS_OF_DAY
