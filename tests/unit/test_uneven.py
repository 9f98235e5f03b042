"""Hours that are not even: what each step of them brings, by the weeks in which it had results."""

from collections.abc import Sequence
from datetime import datetime
from math import log

import pytest

from schemas.timestamp import EPOCH
from schemas.uneven import STEPS_OF_HOUR, WEEK_HOURS, at_most, uneven_hours
from tests.support.seeded_days import DAY0, HOUR, WEEK

WEEKS = 8
END = (DAY0 - EPOCH) // HOUR
SLOT = END % WEEK_HOURS  # of DAY0
PACE = [60.0] * WEEK_HOURS


def weeks_of(*steps: Sequence[int]) -> dict[datetime, Sequence[int]]:
    """Return the same hour of the last weeks, the newest first."""
    return {DAY0 - number * WEEK: each for number, each in enumerate(steps, 1)}


def only(step: int, results: int = 100) -> list[int]:
    return [results if number == step else 0 for number in range(STEPS_OF_HOUR)]


def test_what_was_never_empty_may_be_empty_the_next_time() -> None:
    assert at_most(0, WEEKS) == 0
    assert at_most(WEEKS, WEEKS) == log(WEEKS + 2)
    assert [at_most(busy, WEEKS) for busy in range(WEEKS + 1)] == sorted(
        at_most(busy, WEEKS) for busy in range(WEEKS + 1)
    )


def test_a_job_is_expected_in_its_own_steps_only() -> None:
    found = uneven_hours(weeks_of(*[only(6)] * WEEKS), END, WEEKS, PACE)
    assert found == {SLOT: [at_most(WEEKS, WEEKS) if step == 6 else 0 for step in range(STEPS_OF_HOUR)]}


def test_steps_add_up_to_what_the_hour_brings_at_most() -> None:
    found = uneven_hours(weeks_of(*[only(6)] * WEEKS), END, WEEKS, [0.5] * WEEK_HOURS)
    assert sum(found[SLOT]) == pytest.approx(0.5)
    assert uneven_hours(weeks_of(*[only(6)] * WEEKS), END, WEEKS, [0.0] * WEEK_HOURS) == {SLOT: [0.0] * STEPS_OF_HOUR}


@pytest.mark.parametrize("results", [1, 2, 5, 40])
def test_an_hour_that_brings_results_all_the_time_is_even(results: int) -> None:
    assert uneven_hours(weeks_of(*[[results] * STEPS_OF_HOUR] * WEEKS), END, WEEKS, PACE) == {}


def test_the_end_of_a_working_day_is_known_though_the_hour_is_nearly_full() -> None:
    usual = [60] * 11 + [0]
    [steps] = uneven_hours(weeks_of(*[usual] * WEEKS), END, WEEKS, [720.0] * WEEK_HOURS).values()
    assert steps == [60.0] * 11 + [0.0]
    [steps] = uneven_hours(weeks_of(*[usual] * 7, [60] * 12), END, WEEKS, [720.0] * WEEK_HOURS).values()
    assert steps == [60.0] * 11 + [at_most(1, WEEKS)]


def test_few_results_at_random_leave_steps_empty_by_chance() -> None:
    few = [[int(step == (7 * week) % STEPS_OF_HOUR) for step in range(STEPS_OF_HOUR)] for week in range(WEEKS)]
    assert uneven_hours(weeks_of(*few), END, WEEKS, PACE) == {}


@pytest.mark.parametrize("known", [0, 1, 3])
def test_weeks_before_steps_were_counted_say_nothing(known: int) -> None:
    found = uneven_hours(weeks_of(*[only(6)] * known), END, WEEKS, PACE)
    assert found == (
        {SLOT: only(6, 1)} | {SLOT: [each * at_most(known, known) for each in only(6, 1)]} if known else {}
    )


def test_what_is_too_old_or_not_over_does_not_count() -> None:
    within = weeks_of(*[[60] * STEPS_OF_HOUR] * WEEKS) | {DAY0: only(6), DAY0 - (WEEKS + 1) * WEEK: only(6)}
    assert uneven_hours(within, END, WEEKS, PACE) == {}
