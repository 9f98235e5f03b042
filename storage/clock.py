"""PostgreSQL's clock, as a process tells it between two looks: a host's own may be hours off and judges nothing."""

import time
from datetime import datetime

from schemas.timestamp import NANOSECONDS, nanoseconds_of
from storage.database import Database, clock
from storage.errors import StorageUnavailable

#: Between two looks. What drifts meanwhile is far below the hour that `processed_at` may be ahead.
EVERY_SECONDS = 30.0


class ServerClock:
    """Tells PostgreSQL's time without asking for it each time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._server_ns = 0
        self._measured_at = 0

    def now_ns(self) -> int:
        """Nanoseconds since 1970 by PostgreSQL's clock, within milliseconds. Call `measure` before."""
        return self._server_ns + time.monotonic_ns() - self._measured_at

    @property
    def age_seconds(self) -> float:
        """Seconds since the last look."""
        return (time.monotonic_ns() - self._measured_at) / NANOSECONDS

    async def measure(self) -> datetime:
        """Look at PostgreSQL's clock, and return what it shows. Raises StorageUnavailable."""
        async with self._database.connection() as connection:
            before = time.monotonic_ns()
            at = await clock(connection)
            after = time.monotonic_ns()
        self._server_ns = nanoseconds_of(at)
        self._measured_at = (before + after) // 2
        return at

    async def read_ns(self) -> int:
        """Return `now_ns`, after another look where the last one is old.

        Without PostgreSQL the last look goes on counting. Raises StorageUnavailable when there was none.
        """
        if self._server_ns == 0 or self.age_seconds > EVERY_SECONDS:
            try:
                await self.measure()
            except StorageUnavailable:
                if self._server_ns == 0:
                    raise
        return self.now_ns()
