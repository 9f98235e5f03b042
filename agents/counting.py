"""Counts of logs: what the folds changed is added up, so that counting stays cheap."""

import asyncio

from agents.patience import patiently
from storage.counts import compact
from storage.database import Database

_AT_ONCE = 50_000
#: Readers add what has gathered meanwhile by themselves: longer makes a summary slower, not older.
_EVERY_SECONDS = 1.0


class Counting:
    """Runs in every worker; they take turns by an advisory lock."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run(self) -> None:
        """Add up until cancelled, waiting for PostgreSQL as long as it takes."""
        while True:
            if await patiently("counting", self._once) < _AT_ONCE:
                await asyncio.sleep(_EVERY_SECONDS)

    async def _once(self) -> int:
        async with self._database.transaction() as connection:
            return await compact(connection, _AT_ONCE)
