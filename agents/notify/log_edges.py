"""Makes events out of the edges of status logs that ingest notes, so that ingest has no more to do than that."""

from agents.process.rounds import rounds
from storage.database import Database
from storage.notifications.planning import tell_log_edges

_AT_ONCE = 5000
_EVERY_SECONDS = 0.5


class LogEdges:
    """Runs in every worker; they take turns by an advisory lock, so that edges of a log keep their order."""

    def __init__(self, database: Database, *, every_seconds: float = _EVERY_SECONDS) -> None:
        self._database = database
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Make events until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("events of logs", self.tell, full=_AT_ONCE, pause_seconds=self._every_seconds)

    async def tell(self, at_most: int = _AT_ONCE) -> int:
        """Make events of some edges. Returns the number of edges."""
        async with self._database.transaction() as connection:
            return await tell_log_edges(connection, at_most)
