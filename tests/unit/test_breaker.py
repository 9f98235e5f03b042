"""Closed, open, half-open: by counts and times, no clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.breaker import (
    BAD_IN_A_ROW,
    FIRST_PAUSE_SECONDS,
    LAST_PAUSE_SECONDS,
    MIN_ANSWERS,
    PROBE_SECONDS,
    REMEMBERED,
    SILENT_PROBES,
    Breaker,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def opened() -> Breaker:
    return Breaker().answered(0, MIN_ANSWERS, NOON)


def test_half_of_enough_answers_opens_it() -> None:
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


def test_one_item_that_is_never_answered_opens_nothing_again() -> None:
    """A silent test retry lets the next be tried at once; a good answer closes it, the third silent one opens it."""
    tried = opened().tried(NOON)
    for number in range(1, SILENT_PROBES):
        silent = tried.answered(0, 0, NOON, silent=1)
        assert (silent.state, silent.bad, silent.room(NOON)) == ("half_open", number, 1)
        assert silent.changed_at == tried.changed_at
        assert silent.answered(1, 0, NOON) == Breaker("closed", NOON)
        assert silent.answered(1, 1, NOON).state == "open"
        tried = silent.tried(NOON)
    again = tried.answered(0, 0, NOON, silent=1)
    assert (again.state, again.bad, again.openings) == ("open", 0, 2)
    assert tried.answered(1, 0, NOON, silent=5).state == "closed"


def test_silence_counts_as_busy_while_it_is_closed() -> None:
    assert Breaker().answered(0, 0, NOON, silent=BAD_IN_A_ROW).state == "open"
    assert Breaker().answered(0, BAD_IN_A_ROW - 1, NOON, silent=1).state == "open"
    assert Breaker().answered(1, 0, NOON, silent=BAD_IN_A_ROW).state == "closed"


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
    [(9, 10, "closed"), (10, 10, "open"), (11, 10, "closed"), (10, 11, "open")],
)
def test_twenty_answers_of_which_half_are_bad_open_it(good: int, bad: int, state: str) -> None:
    assert Breaker().answered(good, bad, NOON).state == state
    assert Breaker().answered(0, 0, NOON) == Breaker()


def test_a_few_bad_answers_without_a_good_one_open_it() -> None:
    most = BAD_IN_A_ROW - 1
    assert Breaker().answered(0, most, NOON).state == "closed"
    assert Breaker().answered(0, BAD_IN_A_ROW, NOON).state == "open"
    assert Breaker().answered(100, 0, NOON).answered(0, most, NOON).answered(0, 1, NOON).state == "open"
    assert Breaker().answered(0, most, NOON).answered(1, 1, NOON).answered(0, most, NOON).state == "closed"


def test_of_more_than_two_hundred_answers_each_counts_half() -> None:
    full = Breaker().answered(150, 50, NOON)
    assert (full.good, full.bad) == (150, 50)
    over = full.answered(1, 0, NOON)
    assert (over.good, over.bad) == (75, 25)
    once_more = over.answered(0, 1, NOON)
    assert (once_more.good, once_more.bad) == (75, 26)


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
