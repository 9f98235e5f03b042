"""PostgreSQL's clock in a worker, held against the worker's own."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

import structlog

from agents.metrics import CLOCK_DRIFT, IngestWork
from agents.process.availability import until_available
from storage.clock import EVERY_SECONDS, ServerClock
from storage.database import Database

#: A worker whose own clock is further off says so: its log lines carry wrong times, and its host wants NTP.
TOLERATED_SECONDS = 60.0

#: Seconds since 1970 as this host sees them: to be compared with what a library noted by it, and with nothing else.
host_seconds: Callable[[], float] = time.time

log = structlog.get_logger(__name__)


class WorkerClock(ServerClock):
    """PostgreSQL's clock. Each look says how far this host's own is off."""

    def __init__(self, database: Database, own: Callable[[], float] = host_seconds) -> None:
        """`own` gives the worker's own idea of seconds since 1970, which is compared and never used."""
        super().__init__(database)
        self._own = own

    async def measure(self) -> datetime:
        """Look at PostgreSQL's clock. Raises StorageUnavailable."""
        at = await super().measure()
        drift = self._own() - at.timestamp()
        CLOCK_DRIFT.set(drift)
        if abs(drift) > TOLERATED_SECONDS:
            log.warning("this host's clock is off", seconds=round(drift))
        return at

    async def run(self) -> None:
        """Measure until cancelled, waiting for PostgreSQL as long as it takes."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await until_available(IngestWork.CLOCK, self.measure)
