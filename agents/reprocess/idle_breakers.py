"""Closes breakers that no retry would ever try: nothing is left to send, so that no answer would close them."""

import structlog

from agents.process.rounds import rounds
from storage.database import Database
from storage.reprocess.breakers import close_idle

_POLL_SECONDS = 30.0
log = structlog.get_logger(__name__)


class IdleBreakers:
    """Closes what waits for nothing; any number of workers share the work."""

    def __init__(self, database: Database, poll_seconds: float = _POLL_SECONDS) -> None:
        self._database = database
        self._poll_seconds = poll_seconds

    async def run(self) -> None:
        """Close breakers until cancelled, waiting for PostgreSQL as long as it takes."""
        await rounds("idle breakers", self.close, full=1, pause_seconds=self._poll_seconds)

    async def close(self, _at_most: int = 1) -> int:
        """Close all that there are; return 0, since no more are left. Raises StorageUnavailable, and then none is."""
        async with self._database.transaction() as connection:
            closed = await close_idle(connection)
        for name in closed:
            log.info("breaker closed, nothing was left to try it by", **name._asdict())
        return 0
