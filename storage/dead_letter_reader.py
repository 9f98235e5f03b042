"""Reads what was refused."""

from schemas.status_log import DeadLetter
from storage.database import Database
from storage.places import NEWEST_BY_ID, TimeAndId
from storage.statements import SQL


async def list_dead_letters(
    database: Database, account: str, *, every_account: bool, after: TimeAndId | None, limit: int
) -> list[DeadLetter]:
    """The newest `limit` after `after`. With `every_account`, those too that name no account."""
    async with database.reading(account, every_account=every_account) as connection:
        rows = await connection.fetch(SQL["list_dead_letters"], account, *(after or NEWEST_BY_ID), limit, every_account)
    return [
        DeadLetter(
            id=str(row["id"]),
            account=row["account"] or None,
            code=row["code"],
            reason=row["reason"],
            topic=row["topic"],
            partition=row["partition"],
            offset=row["offset"],
            received_at=row["received_at"],
            value=bytes(row["beginning"]).decode("utf-8", "replace"),
            value_bytes=row["value_bytes"],
        )
        for row in rows
    ]
