"""Pace of long work: where others are there, it rests as long as it works, so that they have half of the time."""

import asyncio
import time
from collections.abc import Callable

from storage.slices import MAX_REST_SECONDS


class Pace:
    """Pace of one task, which says where it can rest."""

    def __init__(self, are_others: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._are_others = are_others
        self._clock = clock
        self._began = clock()

    async def rest(self) -> None:
        """Wait as long as the work took since the last rest, unless nobody else is there."""
        if self._are_others():
            await asyncio.sleep(min(self._clock() - self._began, MAX_REST_SECONDS))
        self._began = self._clock()
