"""Reads reprocess commands and their items."""

import uuid
from collections.abc import Iterable
from typing import Any

from schemas.reprocess import ItemState
from schemas.status_log import ReprocessCommand, ReprocessItem
from storage.database import Connection, Database
from storage.places import BEFORE_EVERY_ID, NEWEST_BY_TEXT, TimeAndText
from storage.statements import SQL


async def list_commands(
    database: Database, account: str, *, after: TimeAndText | None, limit: int
) -> list[ReprocessCommand]:
    """The newest `limit` commands after `after`."""
    async with database.reading(account) as connection:
        rows = await connection.fetch(SQL["list_commands"], account, *(after or NEWEST_BY_TEXT), limit)
        return await _with_counts(connection, account, rows)


async def get_command(database: Database, account: str, command_id: str) -> ReprocessCommand | None:
    """One command; None when this account has no such one."""
    async with database.reading(account) as connection:
        rows = await connection.fetch(SQL["get_command"], account, command_id)
        return next(iter(await _with_counts(connection, account, rows)), None)


async def list_items(
    database: Database,
    account: str,
    command_id: str,
    *,
    state: ItemState | None,
    after: uuid.UUID | None,
    limit: int,
) -> list[ReprocessItem] | None:
    """`limit` items of a command after `after`; None when this account has no such command."""
    async with database.reading(account) as connection:
        if await connection.fetchrow(SQL["get_command"], account, command_id) is None:
            return None
        rows = await connection.fetch(SQL["list_items"], account, command_id, after or BEFORE_EVERY_ID, state, limit)
    return [_item(row) for row in rows]


async def _with_counts(connection: Connection, account: str, rows: Iterable[Any]) -> list[ReprocessCommand]:
    commands = [dict(row) for row in rows]
    counts: dict[str, dict[str, int]] = {command["id"]: {} for command in commands}
    for row in await connection.fetch(SQL["count_items"], account, list(counts)):
        counts[row["command_id"]][row["state"]] = row["items"]
    return [ReprocessCommand(**command, items=counts[command["id"]]) for command in commands]


def _item(row: Any) -> ReprocessItem:
    fields = {name: row[name] for name in ReprocessItem.model_fields}
    for name in ("id", "log_id", "joined_item_id"):
        fields[name] = None if fields[name] is None else str(fields[name])
    return ReprocessItem(**fields)
