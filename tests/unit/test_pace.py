"""Long work rests as long as it works, while others are there."""

import asyncio

import pytest

from api.pace import Pace
from storage.slices import MAX_REST_SECONDS


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
        seconds.append(asked)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return seconds


async def test_it_rests_as_long_as_it_worked_and_never_long(rests: list[float]) -> None:
    clock = Clock()
    pace = Pace(lambda: True, clock)
    for worked in (0.01, 0.03, 60):
        clock.now += worked
        await pace.rest()
    assert rests == pytest.approx([0.01, 0.03, MAX_REST_SECONDS])


async def test_it_does_not_rest_alone(rests: list[float]) -> None:
    clock, others = Clock(), iter([False, False, True])
    pace = Pace(lambda: next(others), clock)
    for _ in range(3):
        clock.now += 0.02
        await pace.rest()
    assert rests == pytest.approx([0.02])  # what it worked before is not made up for
