"""What every way to export has in common: the database, the limits, and what an order is made of."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from exports.jobs.outcome import Outcome, followed
from exports.jobs.slots import Slots
from exports.settings import ExportSettings
from schemas.export import ExportOrder, ExportRequest
from schemas.reprocess import ItemState
from storage.access_keys import Grant
from storage.database import Database
from storage.exports.audit import record_order


class ExportDesk:
    """One for each process. `database` must be in the reader role."""

    def __init__(self, database: Database, settings: ExportSettings) -> None:
        self.database = database
        self.settings = settings
        self.slots = Slots(settings)

    def order(
        self,
        request: ExportRequest,
        grant: Grant,
        base_url: str,
        *,
        command_id: str | None = None,
        item_state: ItemState | None = None,
    ) -> ExportOrder:
        """The order of the bearer of a key, whose request came to `base_url`; of a command's items if one is named."""
        key_id = None if grant.key_id is None else str(grant.key_id)
        return ExportOrder(
            **dict(request),
            requested_by=grant.name or f"key {key_id}",
            key_id=key_id,
            public_url=(self.settings.public_url or base_url).rstrip("/"),
            command_id=command_id,
            item_state=item_state,
        )

    @asynccontextmanager
    async def one(self, order: ExportOrder) -> AsyncIterator[Outcome]:
        """One export that is made in the block: in a place of its account, in the audit, and within its time.

        Raises TooManyExports, StorageUnavailable before the block; TimeoutError, and what the block raises, after.
        """
        export_id, seconds = uuid.uuid4(), self.settings.export_seconds
        with self.slots.one(order.account):
            await record_order(self.database, export_id, order, seconds=seconds)
            async with followed(self.database, order, export_id) as outcome, asyncio.timeout(seconds):
                yield outcome
