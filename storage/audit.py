"""Who did what, when and why. Added to and never changed: the database refuses it to everyone."""

from typing import Literal

from storage.database import Connection
from storage.statements import SQL

Action = Literal["requested", "cancelled", "stopped", "paused", "resumed"]


async def add(
    connection: Connection,
    account: str,
    action: Action,
    *,
    requested_by: str,
    reason: str | None,
    command_id: str | None = None,
    affiliate: str | None = None,
    request: str = "{}",
) -> None:
    """One entry, in the transaction of what it tells of. `request` is JSON."""
    await connection.execute(SQL["insert_audit"], account, action, command_id, affiliate, requested_by, reason, request)
