"""Words of messages: those that the folds left waiting are put into their index, so that searching stays quick."""

import sys

from agents.process.rounds import rounds
from storage.database import Database
from storage.logs.compaction import index_words

#: PostgreSQL does it by itself when many wait, within a fold: this is for the few that would wait on and on.
_EVERY_SECONDS = 1.0
#: One call indexes all that waits.
_NEVER_FULL = sys.maxsize


class Indexing:
    """Runs in every worker; whoever comes second finds none waiting."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Index until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("indexing", self._once, full=_NEVER_FULL, pause_seconds=_EVERY_SECONDS)

    async def _once(self, _at_most: int) -> int:
        async with self._database.transaction() as connection:
            return await index_words(connection)
