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


class Clock:
    """A clock that goes on by hand."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds of each rest, none of which is waited for."""
    seconds: list[float] = []

    async def sleep(asked: float) -> None:
        if asked:  # else it is only a turn of others
            seconds.append(asked)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return seconds


async def test_it_rests_as_long_as_it_worked_and_never_long(rests: list[float]) -> None:
    clock = Clock()
    rest_for(lambda: True)
    slices = Slices(clock)
    for worked in (0.01, 0.03, 60):
        clock.now += worked
        await slices.end_one()
    assert rests == pytest.approx([0.01, 0.03, MAX_REST_SECONDS])


async def test_it_does_not_rest_alone(rests: list[float]) -> None:
    clock, others = Clock(), iter([False, False, True])
    rest_for(lambda: next(others))
    slices = Slices(clock)
    for _ in range(3):
        clock.now += 0.02
        await slices.end_one()
    assert rests == pytest.approx([0.02])  # what it worked before is not made up for
