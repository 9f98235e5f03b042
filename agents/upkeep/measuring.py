"""Measures the backlog of the database, and what automatic retries bring about, for /metrics."""

from agents.metrics import AUTOMATIC_RETRIES, BACKLOG
from agents.process.rounds import rounds
from schemas.item_state import TO_SEND
from storage.backlog import backlog
from storage.database import Database
from storage.reprocess.automatic import outcomes

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
            automatic = await outcomes(connection)
        for what, rows in found.items():
            BACKLOG.labels(what).set(rows)
        for state in TO_SEND:
            AUTOMATIC_RETRIES.labels(state.value).set(automatic.get(state, 0))
        return 0
