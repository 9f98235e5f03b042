"""Counts of logs and of faults: what the folds changed is added up, so that counting stays cheap."""

from agents.process.rounds import rounds
from storage.database import Database
from storage.logs.compaction import compact, compact_faults

_AT_ONCE = 50_000
#: Readers add what has gathered meanwhile by themselves: longer makes a summary slower, not older.
_EVERY_SECONDS = 1.0


class Counting:
    """Runs in every worker; they take turns by an advisory lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Add up until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("counting", self._once, full=_AT_ONCE, pause_seconds=_EVERY_SECONDS)

    async def _once(self, at_most: int) -> int:
        """The most that any of them took. A transaction each, so that neither lock is held for the other's work."""
        taken = 0
        for add_up in (compact, compact_faults):
            async with self._database.transaction() as connection:
                taken = max(taken, await add_up(connection, at_most))
        return taken
