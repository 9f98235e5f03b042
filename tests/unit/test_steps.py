"""Staged rollout: the size of each step, and the decision to go on."""

from datetime import timedelta

import pytest

from agents.reprocess.claiming import refilled
from schemas.reasons.say import say
from schemas.steps import Pace, StepFault, default_steps, judge, released
from storage.reprocess.claims import Bucket
from tests.unit.test_breaker import NOON


def test_each_step_adds_to_the_ones_before_and_then_all_is_released() -> None:
    assert [released((5, 50, 500), step) for step in range(4)] == [5, 55, 555, None]


@pytest.mark.parametrize(
    ("items", "steps"),
    [
        (0, (5,)),
        (5, (5,)),
        (55, (5,)),
        (56, (5, 50)),
        (500, (5, 50)),
        (501, (6, 60)),
        (10_000, (100, 1000)),
        (20_000_000, (100_000, 100_000)),  # no step may be larger
    ],
)
def test_the_first_step_is_a_hundredth_and_five_at_least(items: int, steps: tuple[int, ...]) -> None:
    assert default_steps(items) == steps
    assert Pace(steps=steps).steps == steps


@pytest.mark.parametrize(
    ("states", "go_on"),
    [
        ({"fixed": 8, "same_error": 2}, True),
        ({"fixed": 7, "same_error": 3}, False),
        ({"fixed": 8, "same_error": 2, "silent": 3, "busy": 3, "healed": 40}, True),  # what was not tried says nothing
        ({"fixed": 5, "silent": 5}, True),
        ({"fixed": 5, "silent": 6}, False),  # unless most of it was not
        ({"fixed": 5, "busy": 3, "failed": 3}, False),
        ({"busy": 1}, False),
        ({"same_error": 1}, False),
        ({"healed": 5}, True),
        ({"cancelled": 5}, True),
        ({}, True),
    ],
)
def test_it_goes_on_while_the_share_of_fixed_among_the_tried_holds(states: dict[str, int], go_on: object) -> None:
    assert judge(1, states, 0.8).go_on is go_on


def fault(name: str, tried: int, came_back: int) -> StepFault:
    return StepFault(fingerprint=name, code=f"code.{name}", tried=tried, came_back=came_back)


@pytest.mark.parametrize(
    ("came_back", "tried", "share", "go_on"),
    [
        (20, 20, 0.8, False),  # of this fault none is cured, however many others are
        (11, 20, 0.8, False),
        (10, 20, 0.8, True),
        (3, 3, 0.8, False),
        (2, 2, 0.8, False),
        (1, 2, 0.8, True),
        (1, 1, 0.8, True),  # one says too little: it may be that entity
        (14, 20, 0.3, True),  # whoever accepts 30 % fixed accepts 70 % that come back
        (15, 20, 0.3, False),
    ],
)
def test_one_fault_that_comes_back_stops_it(came_back: int, tried: int, share: float, go_on: object) -> None:
    states = {"fixed": 100 - came_back, "same_error": came_back}
    verdict = judge(1, states, share, [fault("cured", 80, 0), fault("same", tried, came_back)])
    assert verdict.go_on is go_on
    assert (verdict.outcome.fault is None) is go_on
    if not go_on:
        assert say(verdict.reason, "en") == (
            f"Stopped after step 1: the error code.same came back in {came_back} of the {tried} that had it."
        )


def test_what_stops_it_is_said() -> None:
    states = {"fixed": 5, "same_error": 3, "silent": 2}
    verdict = judge(2, states, 0.8, [fault("b", 4, 1), fault("a", 4, 3)])
    assert say(verdict.reason, "en") == (
        "Stopped after step 2: 5 of 8 fixed (62%), less than 80%; 3 came back with the same error (code.a); 2 silent."
    )
    assert (verdict.outcome.tried, verdict.outcome.fixed, verdict.outcome.code) == (8, 5, "code.a")
    untried = judge(1, {"fixed": 1, "busy": 3, "healed": 2}, 0.8)
    assert say(untried.reason, "en") == (
        "Stopped after step 1: only 1 of 4 sent were tried at all; 3 with the marketplace busy; "
        "2 healed before they were sent."
    )


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
