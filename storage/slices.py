"""Slices of long work on the event loop: between them it serves others, whose answers are not to wait for all of it."""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Final, TypeVar

T = TypeVar("T")
U = TypeVar("U")

#: Shortest slice, in seconds. An answer with few rows needs the event loop five times, and may wait each time.
SLICE_SECONDS: Final = 0.0005
#: Longest rest after a slice, in seconds. Work that waited for a disk or a lock took nobody's time meanwhile.
MAX_REST_SECONDS: Final = 0.05

_are_others: ContextVar[Callable[[], bool]] = ContextVar("are_others", default=lambda: False)


def rest_for(are_others: Callable[[], bool]) -> None:
    """Let long work of this task rest as long as it works, while `are_others` says so: they have half of the time."""
    _are_others.set(are_others)


class Slices:
    """Long work of one task. It says where it can be left, and is left there when its slice has lasted long enough."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._began = clock()

    async def end_one(self) -> None:
        """Let others go on, unless the slice has only begun; where they are waited for, for as long as it took."""
        taken = self._clock() - self._began
        if taken >= SLICE_SECONDS:
            await asyncio.sleep(min(taken, MAX_REST_SECONDS) if _are_others.get()() else 0)
            self._began = self._clock()


async def in_slices(function: Callable[[T], U], items: Iterable[T]) -> list[U]:
    """Return what a function makes of each item. Others go on in between, and before this returns."""
    slices, made = Slices(), []
    for each in items:
        made.append(function(each))
        await slices.end_one()
    return made
