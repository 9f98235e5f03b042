"""Closed, open, half-open: by counts and times, no clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.breaker import (
    FIRST_PAUSE_SECONDS,
    LAST_PAUSE_SECONDS,
    MIN_ANSWERS,
    PROBE_SECONDS,
    REMEMBERED,
    Breaker,
    is_busy,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "busy"),
    [
        ("http.429", True),
        ("http.502", True),
        ("503", True),
        ("tracking.timeout", True),
        ("RateLimitExceeded", True),
        ("too_many_requests", True),
        ("service.unavailable", True),
        (None, False),
        ("price.below_minimum", False),
        ("http.400", False),
        ("http.404", False),
        ("sku.5031", False),
        ("MLB429001", False),
    ],
)
def test_not_now_is_told_from_no(code: str | None, busy: object) -> None:
    assert is_busy(code) is busy


def opened() -> Breaker:
    return Breaker().answered(0, MIN_ANSWERS, NOON)


def test_half_of_enough_answers_opens_it() -> None:
    assert Breaker().answered(0, MIN_ANSWERS - 1, NOON).state == "closed"
    assert Breaker().answered(MIN_ANSWERS, MIN_ANSWERS - 1, NOON).state == "closed"
    assert Breaker().answered(MIN_ANSWERS, MIN_ANSWERS, NOON).state == "open"


def test_open_sends_nothing_then_one() -> None:
    breaker = opened()
    later = NOON + timedelta(seconds=FIRST_PAUSE_SECONDS)
    assert (breaker.room(NOON), breaker.room(later)) == (0, 1)
    tried = breaker.tried(later)
    assert (tried.state, tried.room(later)) == ("half_open", 0)
    assert tried.room(later + timedelta(seconds=PROBE_SECONDS)) == 1


def test_an_answer_that_takes_longer_than_a_probe_counts() -> None:
    """Every minute another retry is tried; the answers are to all of them, since it became half-open."""
    first = opened().tried(NOON)
    last = first
    for minute in range(1, 15):
        last = last.tried(NOON + timedelta(seconds=minute * PROBE_SECONDS))
    assert last.changed_at == first.changed_at == NOON
    assert last.answered(1, 0, NOON).state == "closed"
    assert last.answered(0, 1, NOON).state == "open"


def test_a_breaker_that_opens_again_asks_anew() -> None:
    again = opened().tried(NOON).answered(0, 1, NOON).tried(NOON + timedelta(hours=1))
    assert again.changed_at == NOON + timedelta(hours=1)


def test_a_good_answer_closes_it_and_a_bad_one_doubles_the_pause() -> None:
    tried = opened().tried(NOON)
    assert tried.answered(1, 0, NOON) == Breaker("closed", NOON)
    again = tried.answered(0, 1, NOON)
    assert again.state == "open"
    assert again.retry_at == NOON + timedelta(seconds=2 * FIRST_PAUSE_SECONDS)


def test_the_pause_has_a_limit() -> None:
    breaker = opened()
    for _ in range(20):
        breaker = breaker.tried(NOON).answered(0, 1, NOON)
    assert breaker.retry_at == NOON + timedelta(seconds=LAST_PAUSE_SECONDS)


def test_answers_to_what_was_sent_before_it_opened_change_nothing() -> None:
    assert opened().answered(100, 0, NOON) == opened()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10)), max_size=40))
def test_long_ago_does_not_outweigh_now(answers: list[tuple[int, int]]) -> None:
    breaker = Breaker()
    for good, bad in answers:
        breaker = breaker.answered(good, bad, NOON)
        assert breaker.good + breaker.bad <= REMEMBERED


@pytest.mark.parametrize(
    ("good", "bad", "state"),
    [(0, 19, "closed"), (9, 10, "closed"), (0, 20, "open"), (10, 10, "open"), (11, 10, "closed"), (10, 11, "open")],
)
def test_twenty_answers_of_which_half_are_bad_open_it(good: int, bad: int, state: str) -> None:
    assert Breaker().answered(good, bad, NOON).state == state
    assert Breaker().answered(good, 0, NOON).answered(0, bad, NOON).state == state
    assert Breaker().answered(0, 0, NOON) == Breaker()


def test_of_more_than_two_hundred_answers_each_counts_half() -> None:
    full = Breaker().answered(150, 50, NOON)
    assert (full.good, full.bad) == (150, 50)
    over = full.answered(1, 0, NOON)
    assert (over.good, over.bad) == (75, 25)
    assert over.answered(0, 1, NOON)[-3:-1] == (75, 26)


def test_each_pause_is_twice_the_one_before_up_to_ten_minutes() -> None:
    breaker, pauses = opened(), []
    for opening in range(1, 13):
        assert breaker.retry_at is not None
        assert breaker.openings == min(opening, 10)
        pauses.append((breaker.retry_at - NOON).total_seconds())
        breaker = breaker.tried(NOON).answered(5, 1, NOON)
    assert pauses == [30, 60, 120, 240, 480, *([600] * 7)]


def test_a_probe_is_tried_again_after_a_minute() -> None:
    tried = opened().tried(NOON)
    assert tried.retry_at == NOON + timedelta(seconds=60)
    assert tried.room(NOON + timedelta(seconds=59.999)) == 0
    assert tried.room(NOON + timedelta(seconds=60)) == 1
    assert Breaker("open").room(NOON) == 0
    assert Breaker().room(NOON) is None
