"""Demands: averages, held against those of others who are there, say who asks too much."""

import pytest

from api.demand import AVERAGE_SECONDS, LATELY_SECONDS, PRESENT_SECONDS, Demand, Demands


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def _ask(demands: Demands, clock: _Clock, account: str, at_once: int, seconds: float = 5 * AVERAGE_SECONDS) -> None:
    """Ask for so many at once for a while, in steps of a tenth of a second."""
    demands.add(account, at_once)
    for _ in range(round(seconds * 10)):
        clock.now += 0.1
        demands.add(account, -1)
        demands.add(account, 1)
    demands.add(account, -at_once)


def test_an_average_nears_what_is_asked_and_forgets_it() -> None:
    demand = Demand(0.0)
    assert demand.average(0.0) == 0.0
    demand.add(8, 0.0)
    averages = [demand.average(seconds) for seconds in (0.0, 0.5, 2.0, 8.0, 1e6)]
    assert averages == sorted(averages)
    assert averages[0] == 0.0
    assert averages[-1] == 8.0
    assert 7.8 < averages[3] < 8.0
    demand.add(-8, 8.0)
    assert demand.average(8.0) == averages[3]
    assert demand.average(8.0 + 4 * AVERAGE_SECONDS) < 0.2


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_an_average_does_not_depend_on_how_often_it_is_counted(steps: int) -> None:
    demand = Demand(0.0)
    demand.add(3, 0.0)
    for step in range(steps):
        demand.add(0, 3.0 * (step + 1) / steps)
    whole = Demand(0.0)
    whole.add(3, 0.0)
    assert demand.average(3.0) == pytest.approx(whole.average(3.0))


@pytest.mark.parametrize("at_once", [1, 2, 4, 16, 500])
def test_nobody_asks_too_much_alone(clock: _Clock, at_once: int) -> None:
    demands = Demands(clock)
    demands.add("acme", at_once)
    clock.now += 60
    assert not demands.asks_too_much("acme")


@pytest.mark.parametrize("at_once", [3, 4, 16, 500])
def test_who_asks_for_much_asks_too_much_beside_who_asks_for_little(clock: _Clock, at_once: int) -> None:
    demands = Demands(clock)
    demands.add("acme", at_once)
    _ask(demands, clock, "globex", 1)
    assert demands.asks_too_much("acme")
    clock.now += PRESENT_SECONDS + 1
    assert not demands.asks_too_much("acme")  # the other one has left


@pytest.mark.parametrize("others", [1, 3, 40])
def test_who_asks_for_one_thing_after_the_other_never_asks_too_much(clock: _Clock, others: int) -> None:
    demands = Demands(clock)
    for number in range(others):
        demands.add(f"idle-{number}", 1)
        demands.add(f"idle-{number}", -1)
    demands.add("acme", 1)
    for _ in range(100):
        clock.now += 0.1
        assert not demands.asks_too_much("acme")


def test_equal_floods_hold_back_nobody_but_both_make_way_for_a_third(clock: _Clock) -> None:
    demands = Demands(clock)
    demands.add("acme", 16)
    demands.add("globex", 14)
    clock.now += 60
    assert not demands.asks_too_much("acme")
    assert not demands.asks_too_much("globex")
    _ask(demands, clock, "initech", 1)
    assert demands.asks_too_much("acme")
    assert demands.asks_too_much("globex")


def test_a_long_request_is_there_for_as_long_as_it_takes(clock: _Clock) -> None:
    demands = Demands(clock)
    demands.add("globex", 1)
    clock.now += 10 * PRESENT_SECONDS
    demands.add("acme", 16)
    clock.now += 5 * AVERAGE_SECONDS
    assert demands.asks_too_much("acme")


def test_accounts_that_left_are_forgotten(clock: _Clock) -> None:
    demands = Demands(clock)
    for number in range(500):
        demands.add(f"account-{number}", 1)
        demands.add(f"account-{number}", -1)
        clock.now += 1
    assert len(demands._of) <= 2 * PRESENT_SECONDS + 1


def test_others_are_there_for_a_moment_after_they_asked(clock: _Clock) -> None:
    demands = Demands(clock)
    assert not demands.are_others("acme")
    demands.add("acme", 1)
    assert not demands.are_others("acme")
    assert demands.are_others("globex")
    demands.add("globex", 1)
    clock.now += 2 * PRESENT_SECONDS
    assert demands.are_others("acme")  # it still waits for its answer
    demands.add("globex", -1)
    clock.now += LATELY_SECONDS / 2
    assert demands.are_others("acme")
    clock.now += LATELY_SECONDS
    assert not demands.are_others("acme")


@pytest.mark.parametrize(("at_once", "floods"), [(1, False), (3, False), (4, True), (16, True)])
def test_a_flood_is_many_requests_at_once_for_some_time(clock: _Clock, *, at_once: int, floods: bool) -> None:
    demands = Demands(clock)
    demands.add("globex", 1)
    demands.add("globex", -1)
    demands.add("acme", at_once)
    assert not demands.floods("acme")  # a page that has just been opened
    clock.now += 0.9 * PRESENT_SECONDS
    assert demands.floods("acme") is floods
    clock.now += PRESENT_SECONDS
    assert not demands.floods("acme")  # nobody else is there
