"""The audit of reprocesses: person, action, time and reason. Rows are added; the database refuses every change."""

import uuid
from typing import NamedTuple

from schemas.activity import ReprocessAct
from storage.access_keys import Grant
from storage.database import Connection
from storage.statements import SQL


class UsedKey(NamedTuple):
    """The access key of a request, which we know; `requested_by` is only what its bearer says."""

    key_id: uuid.UUID | None = None  # None: the bootstrap key, or none
    key_name: str | None = None  # None: no key; it came through Kafka, from the command line, or from ourselves

    @classmethod
    def grant(cls, grant: Grant) -> "UsedKey":
        """Return the key of a grant."""
        return cls(grant.key_id, grant.name)


NO_KEY = UsedKey()


async def add(
    connection: Connection,
    account: str,
    action: ReprocessAct,
    *,
    requested_by: str,
    reason: str | None,
    command_id: str | None = None,
    affiliate: str | None = None,
    request: str = "{}",
    key: UsedKey = NO_KEY,
) -> None:
    """Add one entry, in the transaction of the action. `request` is JSON."""
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
    """Return the key with which a command was accepted."""
    row = await SQL["key_of_command"].fetchrow(connection, account=account, command_id=command_id)
    return NO_KEY if row is None else UsedKey(*row)
