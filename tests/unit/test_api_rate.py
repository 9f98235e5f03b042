"""The rate of commands: a bucket an account, with the clock given."""

import pytest

from admin.rate import BURST, COMMANDS_PER_SECOND, Rate


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_and_the_next_is_told_when_to_come_again() -> None:
    rate = Rate(Clock())
    assert [rate.take("acme") for _ in range(int(BURST))] == [0.0] * int(BURST)
    assert rate.take("acme") == 1 / COMMANDS_PER_SECOND


def test_waiting_as_long_as_told_is_enough() -> None:
    """A hundredth more, for what binary fractions lose."""
    clock = Clock()
    rate = Rate(clock)
    for _ in range(int(BURST)):
        rate.take("acme")
    clock.now += rate.take("acme") * 1.01
    assert rate.take("acme") == 0.0
    assert rate.take("acme") > 0.0


def test_asking_too_early_costs_nothing() -> None:
    clock = Clock()
    rate = Rate(clock)
    for _ in range(int(BURST) + 1000):
        rate.take("acme")
    clock.now += 1.0
    assert [rate.take("acme") for _ in range(int(COMMANDS_PER_SECOND))] == [0.0] * int(COMMANDS_PER_SECOND)


def test_a_bucket_is_never_fuller_than_a_burst() -> None:
    clock = Clock()
    rate = Rate(clock)
    rate.take("acme")
    clock.now += 3600
    assert sum(rate.take("acme") == 0.0 for _ in range(int(BURST) * 2)) == int(BURST)


def test_accounts_do_not_share() -> None:
    rate = Rate(Clock())
    for _ in range(int(BURST) + 1):
        rate.take("acme")
    assert rate.take("globex") == 0.0


def test_sixty_at_once_then_twenty_a_second() -> None:
    clock = Clock()
    rate = Rate(clock)
    assert [rate.take("acme") for _ in range(60)] == [0.0] * 60
    assert rate.take("acme") == 0.05
    clock.now += 0.5
    assert [rate.take("acme") for _ in range(10)] == [0.0] * 10
    clock.now += 0.025
    assert rate.take("acme") == pytest.approx(0.025)
    clock.now += 0.0125
    assert rate.take("acme") == pytest.approx(0.0125)
