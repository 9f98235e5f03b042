"""Compares positions with the database, and topics with those that were begun, where no record may tell."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from agents.process.availability import until_available
from storage.database import Database

#: A pooler, or a proxy, may keep our connections while the database behind it is another.
EVERY_SECONDS = 60.0
_LOOK_SECONDS = 1.0


class Comparing:
    """Calls for a comparison after connections were made anew, and every minute."""

    def __init__(self, database: Database, compare: Callable[[], Awaitable[None]]) -> None:
        """`compare` must be safe to repeat."""
        self._database = database
        self._compare = compare

    async def run(self) -> None:
        """Compare until cancelled, waiting for PostgreSQL as long as it takes."""
        connections, at = self._database.connections_made, time.monotonic()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if connections == self._database.connections_made and time.monotonic() - at < EVERY_SECONDS:
                continue
            # As of before it: the comparison may make a connection, and so may a database that is new since.
            connections, at = self._database.connections_made, time.monotonic()
            await until_available("comparing positions", self._compare)
