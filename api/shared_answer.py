"""One answer for all who ask the same."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")

#: Time for which an answer is given again.
FRESH_SECONDS = 1.0


class SharedAnswer(Generic[T]):
    """Asks one question at a time: who comes meanwhile gets that answer too, and so does who comes within a second."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[T] | None = None
        self._answered_at = -math.inf

    async def get(self) -> T:
        """Return the answer. Raises what the question raises."""
        if self._asking is None or (self._asking.done() and time.monotonic() - self._answered_at >= FRESH_SECONDS):
            self._asking = asyncio.create_task(self._once())
        return await asyncio.shield(self._asking)  # who goes away takes it from nobody else

    async def _once(self) -> T:
        try:
            return await self._ask()
        finally:
            self._answered_at = time.monotonic()
