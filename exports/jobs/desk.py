"""What every way to export has in common: the database, the limits, and what an order is made of."""

from exports.jobs.slots import Slots
from exports.settings import ExportSettings
from schemas.export import ExportOrder, ExportRequest
from schemas.reprocess import ItemState
from storage.access_keys import Grant
from storage.database import Database


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
