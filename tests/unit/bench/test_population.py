"""The population of the loader."""

import pytest

from bench.loader.population import SMALLEST, accounts, entities
from bench.loader.rows import stage
from schemas.catalogue import BY_NAME


@pytest.mark.parametrize("logs", [1000, 1_000_000, 10_000_000])
def test_half_is_the_biggest_accounts_and_nothing_is_lost(logs: int) -> None:
    population = accounts(50, logs, 1)
    sizes = [each.logs for each in population]
    assert sum(sizes) == logs
    assert sizes == sorted(sizes, reverse=True)
    assert logs // 2 <= sizes[0] <= logs * 0.51 + 50
    assert sizes[-1] >= 1
    assert len({each.name for each in population}) == 50
    assert all(5 <= len(set(each.affiliates)) <= 12 for each in population)


def test_the_smallest_account_has_a_few_hundred() -> None:
    assert accounts(50, 1_000_000, 1)[-1].logs == SMALLEST


def test_no_two_logs_are_of_one_entity() -> None:
    account = accounts(3, 30_000, 1)[0]
    found = {account.entity(index) for index in range(account.logs)}
    assert len(found) == account.logs
    assert {each.integration_type for each in found} == set(BY_NAME)
    assert {each.affiliate for each in found} == set(account.affiliates)


def test_the_same_seed_gives_the_same_rows() -> None:
    account = accounts(1, 500, 7)[0]
    first, second = (stage(account, 0, 500, attempts=3, seed=7, now_us=10**15) for _ in range(2))
    assert first == second
    assert first != stage(account, 0, 500, attempts=3, seed=8, now_us=10**15)
    assert len(first.attempts) == 3 * 500


def test_drawn_entities_are_of_the_population() -> None:
    population = accounts(5, 500, 1)
    known = {account.entity(index) for account in population for index in range(account.logs)}
    drawn = list(entities(population, 300, 2))
    assert len(drawn) == 300
    assert set(drawn) <= known
    assert {each.account for each in drawn} >= {population[0].name, population[1].name}
