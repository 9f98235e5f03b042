"""Which request an Idempotency-Key stands for."""

import hashlib

from storage.access_keys import Grant
from storage.database import Database
from storage.statements import SQL


async def claim(
    database: Database, account: str, key: str, command_id: str, request: str, *, grant: Grant | None = None
) -> bool:
    """Keep `key` for a request, given as JSON, of whoever has `grant`. False when the key is kept for another request.

    That is for ever, also when the key itself was forgotten by retention: its command is not.
    """
    digest = hashlib.sha256(request.encode()).digest()
    async with database.connection() as connection:
        own = [account, key, command_id, digest, request, grant and grant.key_id, grant and grant.name]
        await connection.execute(SQL["claim_idempotency_key"], *own)
        kept = await connection.fetchval(SQL["get_idempotency_key"], account, key)
        return kept is not None and bytes(kept) == digest


async def is_known(database: Database, account: str, key: str, command_id: str) -> bool:
    """Whether a request came with `key` before: one that is kept, or whose command is."""
    async with database.connection() as connection:
        found: bool = await connection.fetchval(SQL["knows_idempotency_key"], account, key, command_id)
        return found


async def mark_published(database: Database, account: str, key: str) -> None:
    """Kafka has the command: from now on it is shown as accepted, until the agents have recorded it."""
    async with database.connection() as connection:
        await connection.execute(SQL["mark_published"], account, key)
