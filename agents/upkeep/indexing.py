"""Indexes the words and names that ingest has left pending, so that search stays quick."""

import sys

from agents.process.rounds import rounds
from storage.database import Database
from storage.logs.compaction import index_pending

#: PostgreSQL does it by itself when many are pending, inside ingest. This is for the few that would stay pending.
_EVERY_SECONDS = 1.0
#: One call indexes all that is pending.
_NEVER_FULL = sys.maxsize


class Indexing:
    """Runs in every worker; the second one finds none pending."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Index until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("indexing", self._once, full=_NEVER_FULL, pause_seconds=_EVERY_SECONDS)

    async def _once(self, _at_most: int) -> int:
        async with self._database.transaction() as connection:
            return await index_pending(connection)
