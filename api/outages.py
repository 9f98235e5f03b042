"""Outages that requests are answered 503 for: said at their beginning, once a minute, and at their end."""

import asyncio

import structlog

from broker.outage import Outages
from storage.database import Database, clock
from storage.errors import StorageError

_EVERY_SECONDS = 1.0
_WORK = "requests"


class RequestOutages(Outages):
    """Outages of one app."""

    def __init__(self, database: Database) -> None:
        super().__init__(structlog.get_logger(__name__))
        self._database = database
        self._asking: asyncio.Task[None] | None = None

    def no_answer(self, reason: str) -> None:
        """Count a request that the database did not answer, and look for when it does again."""
        self.failed(_WORK, reason)
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._until_it_answers())

    async def _until_it_answers(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                async with self._database.connection() as connection:
                    await clock(connection)
            except StorageError:
                continue
            self.worked(_WORK)
            return
