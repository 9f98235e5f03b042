"""The rate of commands: a bucket an account, with the clock given."""

import pytest

from admin.rate import COMMAND_BURST, COMMANDS_PER_SECOND, Rate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_the_next_is_told_when_to_come_again() -> None:
    rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST, Clock())
    assert [rate.take("acme") for _ in range(int(COMMAND_BURST))] == [0.0] * int(COMMAND_BURST)
    assert rate.take("acme") == 1 / COMMANDS_PER_SECOND


def test_waiting_as_long_as_told_is_enough() -> None:
    """A hundredth more, for what binary fractions lose."""
    clock = Clock()
    rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST, clock)
    for _ in range(int(COMMAND_BURST)):
        rate.take("acme")
    clock.now += rate.take("acme") * 1.01
    assert rate.take("acme") == 0.0
    assert rate.take("acme") > 0.0


def test_asking_too_early_costs_nothing() -> None:
    clock = Clock()
    rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST, clock)
    for _ in range(int(COMMAND_BURST) + 1000):
        rate.take("acme")
    clock.now += 1.0
    assert [rate.take("acme") for _ in range(int(COMMANDS_PER_SECOND))] == [0.0] * int(COMMANDS_PER_SECOND)


def test_a_bucket_is_never_fuller_than_a_burst() -> None:
    clock = Clock()
    rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST, clock)
    rate.take("acme")
    clock.now += 3600
    assert sum(rate.take("acme") == 0.0 for _ in range(int(COMMAND_BURST) * 2)) == int(COMMAND_BURST)


def test_accounts_do_not_share() -> None:
    rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST, Clock())
    for _ in range(int(COMMAND_BURST) + 1):
        rate.take("acme")
    assert rate.take("globex") == 0.0


def test_sixty_at_once_then_twenty_a_second() -> None:
    clock = Clock()
    rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST, clock)
    assert [rate.take("acme") for _ in range(60)] == [0.0] * 60
    assert rate.take("acme") == 0.05
    clock.now += 0.5
    assert [rate.take("acme") for _ in range(10)] == [0.0] * 10
    clock.now += 0.025
    assert rate.take("acme") == pytest.approx(0.025)
    clock.now += 0.0125
    assert rate.take("acme") == pytest.approx(0.0125)


def test_what_is_given_back_may_be_taken_again() -> None:
    rate = Rate(COMMANDS_PER_SECOND, COMMAND_BURST, Clock())
    for _ in range(1000):
        assert rate.take("acme") == 0.0
        rate.give_back("acme")
    assert sum(rate.take("acme") == 0.0 for _ in range(1000)) == int(COMMAND_BURST)


def test_many_names_take_no_more_memory_than_a_hundred_thousand() -> None:
    rate = Rate(1, 10, Clock())
    for n in range(250_000):
        rate.take(str(n))
    assert len(rate._buckets) <= 100_000


def test_a_hundred_thousand_names_are_remembered_and_one_more_begins_anew() -> None:
    rate = Rate(1.0, 1.0, Clock())
    assert rate.take("first") == 0.0
    for number in range(99_999):
        rate.take(str(number))
    assert rate.take("first") == 1.0
    assert rate.take("one more") == 0.0
    assert rate.take("first") == 0.0


def test_a_batch_is_taken_whole_or_not_at_all() -> None:
    clock = Clock()
    rate = Rate(100, 1000, clock)
    assert rate.take("key", 600) == 0.0
    assert rate.take("key", 600) == 2.0
    assert rate.take("key", 400) == 0.0
    clock.now += 6
    assert rate.take("key", 600) == 0.0


def test_headers_say_what_is_left_and_when_all_of_it_is_back() -> None:
    rate = Rate(100, 1000, Clock())
    assert rate.headers("key", "events") == {
        "RateLimit-Policy": '"events";q=1000;w=10',
        "RateLimit": '"events";r=1000;t=0',
    }
    rate.take("key", 250)
    assert rate.headers("key", "events")["RateLimit"] == '"events";r=750;t=3'
