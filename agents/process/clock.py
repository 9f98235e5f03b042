"""PostgreSQL's clock, as a worker tells it between two looks: a worker's own may be hours off and judges nothing."""

import asyncio
import time
from collections.abc import Callable

import structlog

from agents.metrics import CLOCK_DRIFT
from agents.process.availability import until_available
from storage.database import Database, clock

#: Between two looks. What drifts meanwhile is far below the hour that `processed_at` may be ahead.
EVERY_SECONDS = 30.0
#: A worker whose own clock is further off says so: its log lines carry wrong times, and its host wants NTP.
TOLERATED_SECONDS = 60.0
_NANOSECONDS = 1_000_000_000

log = structlog.get_logger(__name__)


class ServerClock:
    """Tells PostgreSQL's time without asking for it each time."""

    def __init__(self, database: Database, own: Callable[[], float] = time.time) -> None:
        """`own` gives the worker's own idea of seconds since 1970, which is compared and never used."""
        self._database = database
        self._own = own
        self._server_ns = 0
        self._measured_at = 0

    def now_ns(self) -> int:
        """Nanoseconds since 1970 by PostgreSQL's clock, within milliseconds. Call `measure` before."""
        return self._server_ns + time.monotonic_ns() - self._measured_at

    @property
    def age_seconds(self) -> float:
        """Seconds since the last look."""
        return (time.monotonic_ns() - self._measured_at) / _NANOSECONDS

    async def measure(self) -> None:
        """Look at PostgreSQL's clock. Raises StorageUnavailable."""
        async with self._database.connection() as connection:
            before = time.monotonic_ns()
            at = await clock(connection)
            after = time.monotonic_ns()
        self._server_ns = int(at.timestamp() * _NANOSECONDS)
        self._measured_at = (before + after) // 2
        drift = self._own() - at.timestamp()
        CLOCK_DRIFT.set(drift)
        if abs(drift) > TOLERATED_SECONDS:
            log.warning("this host's clock is off", seconds=round(drift))

    async def run(self) -> None:
        """Measure until cancelled, waiting for PostgreSQL as long as it takes."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await until_available("clock", self.measure)
