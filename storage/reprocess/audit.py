"""Who did what, when and why. Added to and never changed: the database refuses it to everyone."""

import uuid
from typing import Literal, NamedTuple

from storage.access_keys import Grant
from storage.database import Connection
from storage.statements import SQL

#: Who asks for what we do by ourselves; the command says why.
OURSELVES = "conexoes"
Action = Literal["requested", "cancelled", "stopped", "paused", "resumed"]


class UsedKey(NamedTuple):
    """The access key that something was asked for with: what we know, where `requested_by` is what we are told."""

    key_id: uuid.UUID | None = None  # None: the bootstrap key, or none
    key_name: str | None = None  # None: none; it came through Kafka, from the command line, or is our own doing

    @classmethod
    def grant(cls, grant: Grant) -> "UsedKey":
        """The key that grants it."""
        return cls(grant.key_id, grant.name)


NO_KEY = UsedKey()


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
    key: UsedKey = NO_KEY,
) -> None:
    """One entry, in the transaction of what it tells of. `request` is JSON."""
    await SQL["insert_audit"].execute(
        connection,
        account=account,
        action=action,
        command_id=command_id,
        affiliate=affiliate,
        requested_by=requested_by,
        reason=reason,
        request=request,
        key_id=key.key_id,
        key_name=key.key_name,
    )


async def key_of_command(connection: Connection, account: str, command_id: str) -> UsedKey:
    """The key that a command was accepted with."""
    row = await SQL["key_of_command"].fetchrow(connection, account=account, command_id=command_id)
    return NO_KEY if row is None else UsedKey(*row)
