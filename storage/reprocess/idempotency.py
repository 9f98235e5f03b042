"""Idempotency-Keys, and the request that each stands for."""

import hashlib

from storage.access_keys import Grant
from storage.database import Database
from storage.statements import SQL


async def claim(
    database: Database, account: str, key: str, command_id: str, request: str, *, grant: Grant | None = None
) -> bool:
    """Keep `key` for a request, given as JSON, of the bearer of `grant`. Returns False when another one has the key.

    The key stays taken for ever: after retention has deleted it, its command still has it.
    """
    digest = hashlib.sha256(request.encode()).digest()
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
        kept = await SQL["get_idempotency_key"].fetchval(connection, account=account, key=key)
        return kept is not None and bytes(kept) == digest


async def is_known(database: Database, account: str, key: str, command_id: str) -> bool:
    """Return True when a request came with `key` before: the key or its command is stored."""
    async with database.connection() as connection:
        found: bool = await SQL["knows_idempotency_key"].fetchval(
            connection, account=account, key=key, command_id=command_id
        )
        return found


async def mark_published(database: Database, account: str, key: str) -> None:
    """Mark a command as published to Kafka: it is shown as accepted until the agents have recorded it."""
    async with database.connection() as connection:
        await SQL["mark_published"].execute(connection, account=account, key=key)
