"""Dead letters in the database, for people; the dead-letter topic has them for programs."""

import base64
import json
from collections.abc import Sequence

from schemas.dead_letter import DeadLetter
from schemas.reasons.reason import Reason
from schemas.shown.dead_letter import ShownDeadLetter
from storage.cursors import NEWEST_BY_ID, TimeAndId
from storage.database import Connection, Database
from storage.statements import SQL


async def insert_dead_letters(connection: Connection, letters: Sequence[DeadLetter]) -> None:
    """Insert dead letters; those of an earlier delivery stay as they are."""
    await SQL["insert_dead_letters"].execute(
        connection,
        letters,
        id=[each.id for each in letters],
        code=[each.refusal.code.value for each in letters],
        reason=[each.refusal.reason.to_json() for each in letters],
        headers=[json.dumps([[_storable(name), _base64(value)] for name, value in each.headers]) for each in letters],
        value_bytes=[len(each.value) for each in letters],
    )


async def list_dead_letters(
    database: Database, account: str, *, every_account: bool, evidence: bool, after: TimeAndId | None, limit: int
) -> list[ShownDeadLetter]:
    """Return the newest `limit` after `after`; with `every_account`, also those that name no account.

    `evidence`: with their values.
    """
    async with database.reading(account, every_account=every_account) as connection:
        at, id_ = after or NEWEST_BY_ID
        rows = await SQL["list_dead_letters"].fetch(
            connection, account=account, after_at=at, after_id=id_, limit=limit, every_account=every_account
        )
    return [
        ShownDeadLetter(
            id=str(row["id"]),
            account=row["account"] or None,
            code=row["code"],
            reason=Reason.from_json(row["reason"]),
            topic=row["topic"],
            partition=row["partition"],
            offset=row["offset"],
            received_at=row["received_at"],
            value=bytes(row["beginning"]).decode("utf-8", "replace") if evidence else None,
            value_bytes=row["value_bytes"],
        )
        for row in rows
    ]


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd")


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()
