"""Long work leaves the event loop to others between its slices."""

import asyncio
from itertools import count

import pytest

from storage.slices import MAX_REST_SECONDS, SLICE_SECONDS, Slices, in_slices, rest_for


class Other:
    """A task that counts how often it has its turn."""

    turns = 0

    async def run(self) -> None:
        while True:
            self.turns += 1
            await asyncio.sleep(0)


async def turns_of_another(slices: Slices, places: int) -> int:
    """Return how often another task went on during work that could be left in so many places."""
    other = Other()
    task = asyncio.create_task(other.run())
    for _ in range(places):
        await slices.end_one()
    task.cancel()
    return other.turns


async def test_another_task_goes_on_after_each_slice() -> None:
    seconds = count(step=2)
    assert await turns_of_another(Slices(lambda: next(seconds)), 100) == 100


async def test_a_slice_that_has_only_begun_is_not_left() -> None:
    assert await turns_of_another(Slices(lambda: 0.0), 100) == 0
    parts = count(step=SLICE_SECONDS / 10)
    assert 5 <= await turns_of_another(Slices(lambda: next(parts)), 100) <= 15


async def test_what_is_made_in_slices_is_in_order() -> None:
    assert await in_slices(str, range(1000)) == [str(each) for each in range(1000)]
    assert await in_slices(str, []) == []


@pytest.mark.parametrize(("are_others", "rests"), [(False, [0, 0]), (True, [0.004, MAX_REST_SECONDS])])
async def test_work_rests_as_long_as_it_took_while_others_are_there(
    monkeypatch: pytest.MonkeyPatch, *, are_others: bool, rests: list[float]
) -> None:
    """But no longer than a while: it may have waited for a disk."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    moments = iter([0.0, 0.004, 0.004, 1.0, 1.0])

    async def work() -> None:
        rest_for(lambda: are_others)
        slices = Slices(lambda: next(moments))
        await slices.end_one()
        await slices.end_one()

    await asyncio.create_task(work())
    assert slept == rests
    await Slices(iter([0.0, 1.0, 1.0]).__next__).end_one()  # what one task rests for is nothing to another
    assert slept[2:] == [0]
