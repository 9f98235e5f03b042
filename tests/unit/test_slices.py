"""Long work leaves the event loop to others between its slices."""

import asyncio
from itertools import count

from storage.slices import SLICE_SECONDS, Slices, in_slices


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
