"""Keeps reprocess commands and their items: the only place that changes their states."""

import json
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.reprocess import Command, ItemState, Mode, outcome
from schemas.result import Result
from storage.database import Connection
from storage.statements import SQL


class LockedLog(NamedTuple):
    """A status log that a command is to act on, as it is while the transaction lasts."""

    id: uuid.UUID
    affiliate: str
    key: str
    status: str
    code: str | None
    fingerprint: str | None
    event_id: str
    in_flight: uuid.UUID | None  # the item that is queued or sent
    reprocessed: int  # how many times before


class NewItem(NamedTuple):
    """An item as it is recorded: queued, or refused with its verdict as the state."""

    id: uuid.UUID
    log_id: uuid.UUID
    state: ItemState
    mode: Mode
    reason: str | None = None
    log: LockedLog | None = None  # None: no such log
    joined_item_id: uuid.UUID | None = None


class QueuedItem(NamedTuple):
    """An item to be sent."""

    account: str
    id: uuid.UUID
    command_id: str
    log_id: uuid.UUID
    integration_type: str
    affiliate: str
    key: str
    mode: str
    before_event_id: str
    attempt: int
    aliases: dict[str, str]


async def insert_command(connection: Connection, command: Command, total: int) -> bool:
    """Record a command. False when this id is recorded already, by this or another delivery."""
    request = command.request
    return (
        await connection.fetchval(
            SQL["insert_command"],
            request.account,
            command.id,
            request.integration_type,
            request.mode,
            request.requested_by,
            request.reason,
            request.model_dump_json(exclude_none=True),
            total,
            command.requested_at,
        )
        is not None
    )


async def lock_logs(
    connection: Connection, account: str, integration_type: str, log_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, LockedLog]:
    """Those of `log_ids` that are logs of this account and type, locked until the transaction ends."""
    await connection.execute(SQL["lock_logs"], account, integration_type, log_ids)
    rows = await connection.fetch(SQL["read_locked_logs"], account, integration_type, log_ids)
    return {row["id"]: LockedLog(*row) for row in rows}


async def insert_items(connection: Connection, command: Command, items: Sequence[NewItem]) -> None:
    """Record what a command decided about each entity, show it on the logs, and settle the command's state."""
    request = command.request
    rows = [
        (
            each.id,
            each.log_id,
            each.log and each.log.affiliate,
            each.log and each.log.key,
            each.state.value,
            each.mode,
            each.reason,
            each.log and each.log.status,
            each.log and each.log.code,
            each.log and each.log.fingerprint,
            each.log and each.log.event_id,
            each.log.reprocessed + 1 if each.log and each.state is ItemState.QUEUED else None,
            each.joined_item_id,
        )
        for each in items
    ]
    columns = zip(*rows, strict=True)
    await connection.execute(SQL["insert_items"], request.account, command.id, request.integration_type, *columns)
    queued = [(request.account, each.id) for each in items if each.state is ItemState.QUEUED]
    await _after_change(connection, queued, [(request.account, command.id)])


async def claim_queued(connection: Connection, limit: int) -> list[QueuedItem]:
    """Up to `limit` queued items, oldest first, kept from other workers until the transaction ends."""
    rows = await connection.fetch(SQL["claim_queued"], limit)
    return [QueuedItem(**{**row, "aliases": json.loads(row["aliases"])}) for row in rows]


async def mark_sent(connection: Connection, sent: Sequence[tuple[QueuedItem, datetime]]) -> None:
    """Kafka has these; each with the time until which its answer is awaited."""
    rows = [(item.account, item.id, expires_at) for item, expires_at in sent]
    await connection.execute(SQL["mark_sent"], *_columns(rows, 3))
    await _after_change(connection, [(item.account, item.id) for item, _ in sent], [])


async def mark_failed(connection: Connection, failed: Sequence[tuple[QueuedItem, str]]) -> None:
    """Kafka refused these for good, each with the reason."""
    rows = [(item.account, item.id, reason) for item, reason in failed]
    await connection.execute(SQL["mark_failed"], *_columns(rows, 3))
    items = [item for item, _ in failed]
    await _after_change(
        connection, [(item.account, item.id) for item in items], [(item.account, item.command_id) for item in items]
    )


async def mark_silent(connection: Connection, at: datetime, limit: int) -> int:
    """Items whose answer did not come by `at`. Returns how many, `limit` at most."""
    rows = await connection.fetch(SQL["mark_silent"], at, limit)
    await _after_change(
        connection, [(row["account"], row["id"]) for row in rows], [(row["account"], row["command_id"]) for row in rows]
    )
    return len(rows)


async def record_answers(connection: Connection, answers: Sequence[Result]) -> None:
    """Move the items that results answer. Of several answers the one with the greatest version counts.

    A correlation that names no item of the same account and entity is ignored.
    """
    by_item: dict[tuple[str, uuid.UUID], Result] = {}
    for each in sorted(answers, key=lambda result: result.version):
        if each.correlation_id is not None:
            by_item[each.account, each.correlation_id] = each
    named = [(account, item, result.log_id) for (account, item), result in by_item.items()]
    moves: list[tuple[Any, ...]] = []
    commands: list[tuple[str, str]] = []
    for row in await connection.fetch(SQL["lock_answered"], *_columns(named, 3)):
        answer = by_item[row["account"], row["id"]]
        if row["after_version"] is not None and row["after_version"] >= answer.version:
            continue
        state = outcome(row["before_status"], row["before_fingerprint"], answer.status, answer.fingerprint)
        moves.append((row["account"], row["id"], state.value, answer.status, answer.code, answer.version))
        commands.append((row["account"], row["command_id"]))
    if moves:
        await connection.execute(SQL["mark_answered"], *_columns(moves, 6))
        await _after_change(connection, [(move[0], move[1]) for move in moves], commands)


async def _after_change(
    connection: Connection, items: Sequence[tuple[str, uuid.UUID]], commands: Iterable[tuple[str, str]]
) -> None:
    if items:
        await connection.execute(SQL["show_on_logs"], *_columns(items, 2))
    names = sorted(set(commands))
    if names:
        await connection.execute(SQL["lock_commands"], *_columns(names, 2))
        await connection.execute(SQL["settle_commands"], *_columns(names, 2))


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Rows as the arrays of an unnest; `width` is for when there is no row."""
    return [[row[column] for row in rows] for column in range(width)]
