"""Keeps what was refused, for people to read; the dead-letter topic has it for machines."""

import base64
import json
from collections.abc import Sequence

from schemas.dead_letter import DeadLetter
from schemas.shown.dead_letter import ShownDeadLetter
from storage.cursors import NEWEST_BY_ID, TimeAndId
from storage.database import Connection, Database
from storage.statements import SQL


async def insert_dead_letters(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Write them; those that are there already, by an earlier delivery, are left alone."""
    rows = [
        (
            each.account,
            each.id,
            each.refusal.code.value,
            each.refusal.reason.replace("\x00", "\ufffd").encode("utf-8", "replace").decode(),
            each.topic,
            each.partition,
            each.offset,
            each.position,
            each.key,
            json.dumps([[name.replace("\x00", "\ufffd"), _base64(value)] for name, value in each.headers]),
            each.value,
            len(each.value),
        )
        for each in letters
    ]
    await connection.execute(SQL["insert_dead_letters"], *zip(*rows, strict=True))


async def list_dead_letters(
    database: Database, account: str, *, every_account: bool, after: TimeAndId | None, limit: int
) -> list[ShownDeadLetter]:
    """The newest `limit` after `after`. With `every_account`, those too that name no account."""
    async with database.reading(account, every_account=every_account) as connection:
        rows = await connection.fetch(SQL["list_dead_letters"], account, *(after or NEWEST_BY_ID), limit, every_account)
    return [
        ShownDeadLetter(
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


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
