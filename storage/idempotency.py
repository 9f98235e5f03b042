"""Which body an Idempotency-Key stands for."""

from storage.database import Database
from storage.statements import SQL


async def claim(database: Database, account: str, key: str, command_id: str, body_digest: bytes) -> bool:
    """Keep `key` for a body, by its SHA-256. False when the key is kept for another one, now and for ever."""
    async with database.connection() as connection:
        await connection.execute(SQL["claim_idempotency_key"], account, key, command_id, body_digest)
        kept = await connection.fetchval(SQL["get_idempotency_key"], account, key)
        return bytes(kept) == body_digest
