"""The desk of exports, common to every way to export: database, limits, and the making of orders."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from exports.jobs.outcome import Outcome, followed
from exports.jobs.slots import Limit, Slots
from exports.settings import ExportSettings
from schemas.export import ExportOrder, ExportRequest
from schemas.item_state import ItemState
from schemas.playbook import Playbook
from schemas.reasons.code import ReasonCode
from storage.access_keys import Grant
from storage.database import Database
from storage.exports.audit import record_order

READINGS_PER_ACCOUNT = 2
READINGS_IN_ALL = 4


class ExportDesk:
    """The desk of one process. `database` must be in the reader role."""

    def __init__(
        self, database: Database, settings: ExportSettings, playbook: Callable[[], Playbook] = Playbook
    ) -> None:
        self.database = database
        self.settings = settings
        self.playbook = playbook
        self.slots = Slots(
            Limit(settings.exports_per_account, ReasonCode.TOO_MANY_EXPORTS),
            Limit(settings.exports_in_all, ReasonCode.TOO_MANY_EXPORTS_IN_ALL),
        )
        #: Slots for workbooks that come back: whoever uploads many keeps no export waiting.
        self.readings = Slots(
            Limit(READINGS_PER_ACCOUNT, ReasonCode.TOO_MANY_UPLOADS),
            Limit(READINGS_IN_ALL, ReasonCode.TOO_MANY_UPLOADS_IN_ALL),
        )

    def order(
        self,
        request: ExportRequest,
        grant: Grant,
        base_url: str,
        *,
        command_id: str | None = None,
        item_state: ItemState | None = None,
    ) -> ExportOrder:
        """Make an order for the bearer of a key, of a command's items if one is named. Links begin with `base_url`."""
        key_id = None if grant.key_id is None else str(grant.key_id)
        return ExportOrder(
            **dict(request),
            requested_by=grant.name or f"key {key_id}",
            key_id=key_id,
            key_name=grant.name,
            public_url=(self.settings.public_url or base_url).rstrip("/"),
            command_id=command_id,
            item_state=item_state,
        )

    @asynccontextmanager
    async def one(self, order: ExportOrder, *, wait_seconds: float = 0) -> AsyncIterator[Outcome]:
        """Account for one export that is made in the block: it takes a slot, is audited, and has a time limit.

        `wait_seconds`: time limit of a wait for the slot. Raises TooManyExports and StorageUnavailable before the
        block; TimeoutError, and errors of the block, after it.
        """
        export_id, seconds = uuid.uuid4(), self.settings.export_seconds
        async with self.slots.one(order.account, wait_seconds=wait_seconds):
            await record_order(self.database, export_id, order, seconds=seconds)
            async with followed(self.database, order, export_id) as outcome, asyncio.timeout(seconds):
                yield outcome
