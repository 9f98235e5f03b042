"""Idempotency-Keys, and the request that each stands for."""

import hashlib
from datetime import datetime
from typing import Literal

from storage.access_keys import Grant
from storage.database import Connection, Database
from storage.statements import SQL

Revocation = Literal["revoked", "taken", "unknown"]


async def claim(
    database: Database,
    account: str,
    key: str,
    command_id: str,
    request: str,
    *,
    identity: str | None = None,
    grant: Grant | None = None,
) -> datetime | None:
    """Keep `key` for a request, given as JSON, of the bearer of `grant`. Returns PostgreSQL's time, for its event.

    `identity`: all of it, where `request` has only a digest of what is not to be stored.

    None when another request has the key. That is for ever, also when the key itself was forgotten by retention: its
    command is not. A command that was revoked may be recorded again.
    """
    digest = hashlib.sha256((identity or request).encode()).digest()
    async with database.connection() as connection:
        await SQL["claim_idempotency_key"].execute(
            connection,
            account=account,
            key=key,
            command_id=command_id,
            body_digest=digest,
            request=request,
            key_id=grant and grant.key_id,
            key_name=grant and grant.name,
        )
        kept = await SQL["get_idempotency_key"].fetchrow(connection, account=account, key=key)
        if kept is None or bytes(kept["body_digest"]) != digest:
            return None
        if kept["revoked_at"] is not None:
            await SQL["allow_again"].execute(connection, account=account, key=key)
        asked_at: datetime = kept["asked_at"]
        return asked_at


async def is_known(database: Database, account: str, key: str, command_id: str) -> bool:
    """Return True when a request came with `key` before: the key or its command is stored."""
    async with database.connection() as connection:
        found: bool = await SQL["knows_idempotency_key"].fetchval(
            connection, account=account, key=key, command_id=command_id
        )
        return found


async def mark_published(database: Database, account: str, key: str) -> bool:
    """Kafka has the command: from now on it is shown as accepted, until the agents have recorded it.

    False when another request with the same key has revoked it meanwhile.
    """
    async with database.connection() as connection:
        return await SQL["mark_published"].fetchval(connection, account=account, key=key) is not None


async def revoke(database: Database, account: str, command_id: str) -> Revocation:
    """Have the agents leave a command that Kafka may have or not.

    `taken` when Kafka has it for certain; `unknown` when its key was lost with the database that stood here before, so
    that it can't be revoked, and may be anywhere.
    """
    async with database.transaction() as connection:
        await SQL["lock_key_of_command"].execute(connection, account=account, command_id=command_id)
        found: Revocation = await SQL["revoke_command"].fetchval(connection, account=account, command_id=command_id)
        return found


async def is_revoked(connection: Connection, account: str, command_id: str, asked_at: datetime | None) -> bool:
    """Return True when a command that was asked for at `asked_at` was revoked later; so until the transaction's end.

    Who asks again after that is heard, also where a restored database knows of the revocation alone. None: nobody says
    when it was asked for, so it may have been before.
    """
    revoked_at: datetime | None = await SQL["lock_key_of_command"].fetchval(
        connection, account=account, command_id=command_id
    )
    return revoked_at is not None and (asked_at is None or asked_at <= revoked_at)
