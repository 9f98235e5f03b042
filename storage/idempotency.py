"""Which request an Idempotency-Key stands for."""

import hashlib

from storage.database import Database
from storage.statements import SQL


async def claim(database: Database, account: str, key: str, command_id: str, request: str) -> bool:
    """Keep `key` for a request, given as JSON. False when the key is kept for another one, now and for ever."""
    digest = hashlib.sha256(request.encode()).digest()
    async with database.connection() as connection:
        await connection.execute(SQL["claim_idempotency_key"], account, key, command_id, digest, request)
        kept = await connection.fetchval(SQL["get_idempotency_key"], account, key)
        return bytes(kept) == digest


async def mark_published(database: Database, account: str, key: str) -> None:
    """Kafka has the command: from now on it is shown as accepted, until the agents have recorded it."""
    async with database.connection() as connection:
        await connection.execute(SQL["mark_published"], account, key)
