"""Fitness of the database's schema for this version: looked for until the database tells."""

import asyncio

import structlog

from broker.outage import Outages
from storage.database import Database
from storage.errors import SchemaUnfit, StorageUnavailable
from storage.schema_version import check_schema

_EVERY_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Fitness:
    """A database that is away, or lets nobody in yet, is waited for: requests are answered 503 meanwhile."""

    def __init__(self, reader: Database) -> None:
        self._reader = reader
        self._outages = Outages(log)
        self._known = False

    async def look(self) -> None:
        """Look once. Raises SchemaUnfit for a schema that this version does not know."""
        try:
            found = await check_schema(self._reader)
        except SchemaUnfit:
            raise
        except StorageUnavailable as exc:
            self._outages.failed("schema", str(exc))
            return
        self._known = True
        self._outages.worked("schema")
        if found.later is not None:  # it is meant
            log.warning("schema", reason=found.later)

    async def until_known(self) -> None:
        """Look until the database has answered. Raises SchemaUnfit as `look` does."""
        while not self._known:
            await asyncio.sleep(_EVERY_SECONDS)
            await self.look()
