"""Size of one statement: smaller after it timed out, larger again while statements are quick."""

import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import structlog

from agents.process.availability import until_available
from storage.errors import TimedOut

R = TypeVar("R")
T = TypeVar("T")

#: A statement that took no longer than this may be followed by one of twice the size.
QUICK_SECONDS = 5.0

log = structlog.get_logger(__name__)


class StatementSize:
    """Adapts to what PostgreSQL and the line to it bear. Forgotten when the process ends."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`most` rows are the size to begin with and to come back to."""
        self._most = most
        self._clock = clock
        self.rows = most  # of the next statement, at most; 1 at least

    async def run(self, what: str, statement: Callable[[int], Awaitable[R]]) -> R:
        """Call `statement` with how many rows it may do until one succeeds, halving that after each that timed out.

        Waits for PostgreSQL and Kafka as long as it takes. `statement` must be safe to repeat; its other errors pass
        through. A statement of one row that times out is tried again as it is.
        """
        while True:
            rows = self.rows
            with suppress(TimedOut):
                return await self._once(what, rows, lambda rows=rows: statement(rows))  # type: ignore[misc]

    async def run_all(self, what: str, items: Sequence[T], statement: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        """Call `statement` with all of `items`, in order, in parts that PostgreSQL bears. As `run` otherwise."""
        done = 0
        while done < len(items):
            part = items[done : done + self.rows]
            with suppress(TimedOut):
                await self._once(what, len(part), lambda part=part: statement(part))  # type: ignore[misc]
                done += len(part)

    async def _once(self, what: str, rows: int, statement: Callable[[], Awaitable[R]]) -> R:
        """Run one statement of `rows` rows and learn from how long it took. Raises TimedOut for more than one row."""
        began = self._clock()
        try:
            result = await until_available(what, statement, but=(TimedOut,) if rows > 1 else ())
        except TimedOut as exc:
            self.rows = max(1, min(self.rows, rows) // 2)
            log.warning("statement timed out; halving it", work=what, rows=rows, reason=str(exc))
            raise
        self._took(rows, self._clock() - began)
        return result

    def _took(self, rows: int, seconds: float) -> None:
        """A statement of `rows` rows succeeded. What was smaller than allowed says nothing about more."""
        if rows >= self.rows and seconds <= QUICK_SECONDS:
            self.rows = min(self.rows * 2, self._most)
