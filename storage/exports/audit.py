"""The audit of exports: each order and its outcome. Rows are added, never changed."""

import uuid
from typing import Any

import orjson

from schemas.export import Export, ExportOrder, ExportOutcome
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from storage.cursors import NEWEST_BY_ID, TimeAndId
from storage.database import Database
from storage.statements import SQL

#: Grace between the time limit of an export and the time at which it counts as lost without an outcome.
_OUTCOME_SECONDS = 120.0
#: Reason of an export whose outcome was never written.
LOST = Reason(ReasonCode.EXPORT_LOST)


async def record_order(database: Database, export_id: uuid.UUID, order: ExportOrder, *, seconds: float) -> None:
    """Record that an export begins, which may take `seconds`. To be called before the first row is read.

    An export without an outcome some time after that is `lost`. Raises StorageUnavailable.
    """
    async with database.recording(order.account) as connection:
        await SQL["insert_export"].execute(
            connection,
            account=order.account,
            id=export_id,
            integration_type=order.integration_type,
            format=order.format,
            filter=order.filter.model_dump_json(exclude_defaults=True),
            language=order.language,
            timezone=order.timezone,
            requested_by=order.requested_by,
            key_id=None if order.key_id is None else uuid.UUID(order.key_id),
            key_name=order.key_name,
            command_id=order.command_id,
            item_state=order.item_state,
            has_evidence=bool(order.fixes),
            seconds=seconds + _OUTCOME_SECONDS,
        )


async def record_outcome(
    database: Database,
    account: str,
    export_id: uuid.UUID,
    state: ExportOutcome,
    *,
    rows: int | None = None,
    reason: Reason | None = None,
) -> None:
    """Record the outcome of an export. The first outcome stays; `rows` is needed for `done`.

    Nothing is written for an export without an order. Raises StorageUnavailable.
    """
    async with database.recording(account) as connection:
        await SQL["insert_export_outcome"].execute(
            connection, account=account, id=export_id, state=state, rows=rows, reason=reason and reason.to_json()
        )


async def list_exports(database: Database, account: str, *, after: TimeAndId | None, limit: int) -> list[Export]:
    """Return the newest `limit` exports after `after`."""
    async with database.reading(account) as connection:
        at, id_ = after or NEWEST_BY_ID
        rows = await SQL["list_exports"].fetch(connection, account=account, after_at=at, after_id=id_, limit=limit)
    return [_export(row) for row in rows]


async def get_export(database: Database, account: str, export_id: uuid.UUID) -> Export | None:
    """Return one export; None when this account has no such one."""
    async with database.reading(account) as connection:
        row = await SQL["get_export"].fetchrow(connection, account=account, id=export_id)
    return None if row is None else _export(row)


def _export(row: Any) -> Export:
    fields = {name: row[name] for name in Export.model_fields}
    return Export(
        **{
            **fields,
            "id": str(row["id"]),
            "filter": orjson.loads(row["filter"]),
            "state": row["state"] or ("lost" if row["is_lost"] else "unfinished"),
            "reason": LOST if row["is_lost"] else row["reason"] and Reason.from_json(row["reason"]),
        }
    )
