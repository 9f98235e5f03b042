"""Partitions of attempts: made ahead of time, dropped after the retention, and the counts of faults with them."""

import asyncio

import structlog

from agents.patience import patiently
from storage.counts import forget_fault_hours
from storage.database import Database
from storage.partitions import maintain_attempts

log = structlog.get_logger(__name__)


class Maintenance:
    """Runs in every worker; they take turns by an advisory lock, and all but the first find nothing to do."""

    def __init__(self, database: Database, retention_days: int, every_seconds: float) -> None:
        self._database = database
        self._retention_days = retention_days
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Maintain until cancelled, waiting for PostgreSQL as long as it takes."""
        while True:
            made, dropped = await patiently("maintenance", self._once)
            if made or dropped:
                log.info("partitions", made=made, dropped=dropped)
            await asyncio.sleep(self._every_seconds)

    async def _once(self) -> tuple[int, int]:
        async with self._database.transaction() as connection:
            await forget_fault_hours(connection, self._retention_days)
            return await maintain_attempts(connection, self._retention_days)
