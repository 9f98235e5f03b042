"""Queues items again whose answer was busy, when their pause is over."""

from collections.abc import Callable

from agents.process.rounds import POLL_SECONDS, rounds
from storage.database import Database, clock
from storage.reprocess.writer import queue_again

_AT_ONCE = 1000


class Waiting:
    """Queues what has waited long enough; any number of workers share the work."""

    def __init__(self, database: Database, queued: Callable[[], None], poll_seconds: float = POLL_SECONDS) -> None:
        """`queued` is called when there may be more to send."""
        self._database = database
        self._queued = queued
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Queue until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("waiting", self.queue_due, full=_AT_ONCE, pause_seconds=self._poll_seconds)

    async def queue_due(self, at_most: int = _AT_ONCE) -> int:
        """Queue up to `at_most` and return how many. Raises StorageUnavailable, and then none is."""
        async with self._database.transaction() as connection:
            queued = await queue_again(connection, await clock(connection), at_most)
        if queued:
            self._queued()
        return queued
