"""The audit of exports: who exported what, and how it ended. Rows are added, never changed."""

import uuid
from typing import Any

import orjson

from schemas.export import Export, ExportOrder, ExportOutcome
from storage.cursors import NEWEST_BY_ID, TimeAndId
from storage.database import Database
from storage.statements import SQL

#: From the end of the time that an export may take until its outcome must be there.
_OUTCOME_SECONDS = 120.0
_LOST = "Its end was never heard of: what made the file was stopped, or lost the database. Export again."


async def record_order(database: Database, export_id: uuid.UUID, order: ExportOrder, *, seconds: float) -> None:
    """Write down that an export begins, which may take `seconds`. To be called before the first row is read.

    One that has no outcome some time after that is `lost`, whoever looks. Raises StorageUnavailable.
    """
    async with database.recording(order.account) as connection:
        await connection.execute(
            SQL["insert_export"],
            order.account,
            export_id,
            order.integration_type,
            order.format,
            order.filter.model_dump_json(exclude_defaults=True),
            order.language,
            order.timezone,
            order.requested_by,
            None if order.key_id is None else uuid.UUID(order.key_id),
            order.command_id,
            order.item_state,
            seconds + _OUTCOME_SECONDS,
        )


async def record_outcome(
    database: Database,
    account: str,
    export_id: uuid.UUID,
    state: ExportOutcome,
    *,
    rows: int | None = None,
    reason: str | None = None,
) -> None:
    """Write down how it ended. The first outcome stays; `rows` is needed for `done`.

    Nothing is written for one that was never ordered. Raises StorageUnavailable.
    """
    async with database.recording(account) as connection:
        await connection.execute(SQL["insert_export_outcome"], account, export_id, state, rows, reason)


async def list_exports(database: Database, account: str, *, after: TimeAndId | None, limit: int) -> list[Export]:
    """The newest `limit` exports after `after`."""
    async with database.reading(account) as connection:
        rows = await connection.fetch(SQL["list_exports"], account, *(after or NEWEST_BY_ID), limit)
    return [_export(row) for row in rows]


async def get_export(database: Database, account: str, export_id: uuid.UUID) -> Export | None:
    """One export; None when this account has no such one."""
    async with database.reading(account) as connection:
        row = await connection.fetchrow(SQL["get_export"], account, export_id)
    return None if row is None else _export(row)


def _export(row: Any) -> Export:
    fields = {name: row[name] for name in Export.model_fields}
    return Export(
        **{
            **fields,
            "id": str(row["id"]),
            "filter": orjson.loads(row["filter"]),
            "state": row["state"] or ("lost" if row["is_lost"] else "unfinished"),
            "reason": _LOST if row["is_lost"] else row["reason"],
        }
    )
