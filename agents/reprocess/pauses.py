"""Ends pauses of affiliates whose time is over, so that the activity says so. What they held back has left by then."""

from agents.process.rounds import rounds
from storage.database import Database
from storage.reprocess.affiliates import ENDED_AT_ONCE, end_pauses

_POLL_SECONDS = 1.0


class Pauses:
    """Ends what is over; any number of workers share the work."""

    def __init__(self, database: Database, poll_seconds: float = _POLL_SECONDS) -> None:
        self._database = database
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """End pauses until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("pauses", self.end_due, full=ENDED_AT_ONCE, pause_seconds=self._poll_seconds)

    async def end_due(self, at_most: int = ENDED_AT_ONCE) -> int:
        """End up to `at_most` and return how many. Raises StorageUnavailable, and then none is ended."""
        async with self._database.transaction() as connection:
            return await end_pauses(connection, at_most)
