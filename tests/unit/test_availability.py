"""Waiting for a server: its pauses, and the errors that are not waited for."""

import itertools

import pytest

from agents.metrics import IngestWork, ingest_waits
from agents.process.availability import until_available
from broker.backoff import pauses
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
