"""Compacts the changes of counts that ingest appends, of logs, faults and results, so that counting stays cheap."""

from agents.process.rounds import rounds
from storage.database import Database
from storage.logs.compaction import compact, compact_faults, compact_results

_AT_ONCE = 50_000
#: Readers add the changes that are not compacted yet: a longer pause makes a summary slower, not older.
_EVERY_SECONDS = 1.0


class Counting:
    """Runs in every worker; they take turns by an advisory lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Compact until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("counting", self._once, full=_AT_ONCE, pause_seconds=_EVERY_SECONDS)

    async def _once(self, at_most: int) -> int:
        """Compact them, each in its own transaction, so that no lock is held for the others.

        Returns the greatest number.
        """
        taken = 0
        for add_up in (compact, compact_faults, compact_results):
            async with self._database.transaction() as connection:
                taken = max(taken, await add_up(connection, at_most))
        return taken
