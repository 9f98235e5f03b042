"""Acts of people in an account, as the API shows them."""

from datetime import datetime
from typing import Any

from pydantic import Field

from schemas.activity import KINDS_OF_REPROCESSES, ActivityKind
from schemas.example import example
from schemas.reprocess import OURSELVES
from schemas.shown.base import COMMAND_ID, NOON, Shown


class ActivityEntry(Shown):
    """An act: who did what, when and why. It never changes."""

    model_config = example(
        id=f"reprocess:{COMMAND_ID}",
        at=NOON,
        kind="reprocess",
        action="requested",
        requested_by="maria@store.example",
        requested_with="maria",
        reason="the price table was corrected",
        about={"command_id": COMMAND_ID, "integration_type": "price"},
    )

    id: str
    at: datetime
    kind: ActivityKind
    action: str = Field(
        description="the act; of a group the state that was decided, or `owner`, `tags`, `ticket`, `note`"
    )
    requested_by: str = Field(description="as the caller said; `conexoes`: it happened by itself")
    requested_with: str | None = Field(description="name of the access key; null without one, as from the command line")
    reason: str | None
    about: dict[str, Any] = Field(
        description="the ids and names that the act was about: `command_id`, `affiliate`, `fingerprint`, `export_id`, "
        "`format`, `redrive_id`, `letters`, `erasure_id`, `entry_id`, `key_id`, `name`, `role`, `integration_type`; of "
        "a pause `until` and `integration_types`; of a group `until`, `until_results`, `until_escalates`, `owner`, "
        "`tags`, `ticket`, left out where there is none"
    )

    @property
    def is_automatic(self) -> bool:
        """True for what Conexões did by itself. In the other audits our name may be a key's."""
        return self.kind in KINDS_OF_REPROCESSES and self.requested_by == OURSELVES
