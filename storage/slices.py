"""Slices of long work on the event loop: between them it serves others, whose answers are not to wait for all of it."""

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

T = TypeVar("T")
U = TypeVar("U")

#: Shortest slice, in seconds: about what an answer with few rows takes, so that it waits for its like.
SLICE_SECONDS: Final = 0.001


class Slices:
    """Long work of one task. It says where it can be left, and is left there when its slice has lasted long enough."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._began = clock()

    async def end_one(self) -> None:
        """Let others go on, unless the slice has only begun."""
        if self._clock() - self._began >= SLICE_SECONDS:
            await asyncio.sleep(0)
            self._began = self._clock()


async def in_slices(function: Callable[[T], U], items: Iterable[T]) -> list[U]:
    """Return what a function makes of each item. Others go on in between, and before this returns."""
    slices, made = Slices(), []
    for each in items:
        made.append(function(each))
        await slices.end_one()
    return made
