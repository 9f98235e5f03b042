"""Staged rollout: the size of each step, and the decision to go on."""

from datetime import timedelta

import pytest

from agents.reprocess.claiming import refilled
from schemas.reasons.say import say
from schemas.steps import DEFAULT_STEPS, judge, released
from storage.reprocess.claims import Bucket
from tests.unit.test_breaker import NOON


def test_each_step_adds_to_the_ones_before_and_then_all_is_released() -> None:
    assert [released(DEFAULT_STEPS, step) for step in range(5)] == [1, 11, 111, 1111, None]


@pytest.mark.parametrize(
    ("states", "go_on"),
    [
        ({"fixed": 8, "same_error": 2}, True),
        ({"fixed": 7, "same_error": 3}, False),
        ({"fixed": 7, "silent": 3}, False),
        ({"same_error": 1}, False),
        ({}, True),
    ],
)
def test_it_goes_on_while_the_share_of_fixed_holds(states: dict[str, int], go_on: object) -> None:
    assert judge(1, states, 0.8, []).go_on is go_on


def test_what_stops_it_is_said() -> None:
    verdict = judge(2, {"fixed": 5, "same_error": 3, "silent": 2}, 0.8, ["price.min", "other", "price.min"])
    assert say(verdict.reason, "en") == (
        "Stopped after step 2: 5 of 10 fixed (50%), less than 80%; "
        "3 came back with the same error (price.min); 2 silent."
    )
    assert (verdict.outcome.total, verdict.outcome.fixed, verdict.outcome.code) == (10, 5, "price.min")


@pytest.mark.parametrize(
    ("tokens", "per_second", "seconds", "left"),
    [
        (0, 10, 0.5, 5),  # half a second's worth
        (0, 10, 60, 10),  # never more than one second's
        (0, 0.1, 5, 0.5),  # one each ten seconds
        (0, 0.1, 60, 1),  # and one token at least fits
        (3, 10, -5, 3),  # a clock that goes back takes nothing away
    ],
)
def test_a_bucket_fills(tokens: float, per_second: float, seconds: float, left: float) -> None:
    assert refilled(Bucket(tokens, NOON), per_second, NOON + timedelta(seconds=seconds)).tokens == left


def test_a_worker_that_waited_for_a_bucket_does_not_fill_it_twice() -> None:
    later = refilled(Bucket(0, NOON), 10, NOON + timedelta(seconds=0.5))
    assert refilled(later, 10, NOON) == later
