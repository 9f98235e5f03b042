"""Measures the backlog of the database for /metrics."""

from agents.metrics import BACKLOG
from agents.process.rounds import rounds
from storage.backlog import backlog
from storage.database import Database

_EVERY_SECONDS = 30.0


class Measuring:
    """Runs in every worker, so that any of them tells: take the maximum, not the sum."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Measure until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("measuring", self.once, full=1, pause_seconds=_EVERY_SECONDS)

    async def once(self, _at_most: int = 1) -> int:
        """Measure now. Raises StorageUnavailable."""
        async with self._database.connection() as connection:
            found = await backlog(connection)
        for what, rows in found.items():
            BACKLOG.labels(what).set(rows)
        return 0
