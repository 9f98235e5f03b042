"""Waiting for a server: its pauses, and the errors that are not waited for."""

import asyncio
import itertools
from collections import Counter
from functools import partial

import pytest

from agents.metrics import IngestWork, ingest_waits
from agents.process.availability import until_available
from broker.backoff import pauses
from broker.errors import BrokerUnavailable
from storage.errors import RowRefused, StorageUnavailable


def test_the_ceiling_of_the_pause_doubles_to_five_seconds() -> None:
    ceilings = list(itertools.islice(pauses(lambda _low, high: high), 9))
    assert ceilings == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_the_pause_is_random_below_its_ceiling() -> None:
    assert next(pauses(lambda low, _high: low)) == 0


async def test_what_is_away_is_tried_again_until_it_is_there() -> None:
    tries = iter([StorageUnavailable("a"), StorageUnavailable("b"), None])

    async def attempt() -> str:
        error = next(tries)
        if error:
            raise error
        return "there"

    assert await until_available("test", attempt) == "there"


async def test_what_is_refused_is_not_tried_again() -> None:
    async def attempt() -> None:
        raise RowRefused("never")

    with pytest.raises(RowRefused):
        await until_available("test", attempt)


@pytest.mark.parametrize("work", [*IngestWork, "dispatch"])
async def test_ingest_waits_while_work_of_its_own_is_tried_again_and_for_no_other(work: str) -> None:
    seen: list[bool] = []

    async def attempt() -> None:
        seen.append(ingest_waits())
        if len(seen) == 1:
            raise StorageUnavailable("away")

    await until_available(work, attempt)
    assert [*seen, ingest_waits()] == [False, work != "dispatch", False]


class _Server:
    """Is away until `back`; counts the tries of each who waits."""

    def __init__(self, error: type[Exception]) -> None:
        self.back = False
        self.tries: Counter[str] = Counter()
        self._error = error

    async def reach(self, who: str) -> str:
        self.tries[who] += 1
        if not self.back:
            raise self._error("away")
        return who


async def _tried(server: _Server, *waiting: str) -> None:
    """Wait until each of `waiting` has been tried, and pauses."""
    while not all(server.tries[each] for each in waiting):  # noqa: ASYNC110 - no event says so
        await asyncio.sleep(0)
    await asyncio.sleep(0)


@pytest.fixture
def _long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's pause ends by itself but that of the next who waits."""
    monkeypatch.setattr("agents.process.availability.pauses", lambda: itertools.repeat(3600.0))


@pytest.mark.usefixtures("_long_pauses")
async def test_who_gets_through_ends_the_pauses_of_all_that_wait_for_that_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    postgres, kafka = _Server(StorageUnavailable), _Server(BrokerUnavailable)
    names = [f"w{number}" for number in range(20)]
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(until_available("test", partial(postgres.reach, each))) for each in names]
        other = tasks.create_task(until_available("test", partial(kafka.reach, "k")))
        await _tried(postgres, *names)
        await _tried(kafka, "k")
        monkeypatch.setattr("agents.process.availability.pauses", lambda: itertools.repeat(0.0))
        first = tasks.create_task(until_available("test", partial(postgres.reach, "first")))
        await _tried(postgres, "first")
        postgres.back = True
        await first
        assert [await each for each in waiting] == names
        assert {postgres.tries[each] for each in names} == {2}
        assert kafka.tries["k"] == 1  # it waits for another server
        other.cancel()


@pytest.mark.usefixtures("_long_pauses")
async def test_who_got_through_at_the_first_try_ends_no_pause() -> None:
    """Otherwise what fails for a reason of its own would be tried as often as all else succeeds."""
    refused, served = _Server(StorageUnavailable), _Server(StorageUnavailable)
    served.back = True
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(until_available("test", partial(refused.reach, "refused")))
        await _tried(refused, "refused")
        for _ in range(10):
            await until_available("test", partial(served.reach, "served"))
        assert refused.tries["refused"] == 1
        waiting.cancel()
