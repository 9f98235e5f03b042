"""Expires items that were not answered before their deadline."""

from agents.metrics import ITEMS
from agents.process.rounds import POLL_SECONDS, rounds
from storage.database import Database, clock
from storage.reprocess.writer import mark_silent

_AT_ONCE = 1000


class Expiry:
    """Marks overdue items as silent; any number of workers share the work."""

    def __init__(self, database: Database, poll_seconds: float = POLL_SECONDS) -> None:
        self._database = database
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Mark until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("expiry", self.mark_overdue, full=_AT_ONCE, pause_seconds=self._poll_seconds)

    async def mark_overdue(self, at_most: int = _AT_ONCE) -> int:
        """Mark up to `at_most` and return how many. Raises StorageUnavailable, and then none is marked."""
        async with self._database.transaction() as connection:
            marked = await mark_silent(connection, await clock(connection), at_most)
        ITEMS.labels("silent").inc(marked)
        return marked
