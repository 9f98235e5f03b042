"""Keeps reprocess commands and their items: the only place that changes their states, with storage.reprocess.claims.

Whoever changes items locks their logs first, in the order of the key, then items, then counts (by a trigger), then
commands, then affiliates: as `fold` does, so that no two wait for each other.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.breaker import is_busy
from schemas.reprocess import Command, ItemState, Mode, outcome
from schemas.result import Result
from schemas.steps import Judgement, judge, released
from schemas.verdict import REASONS
from storage.columns import columns
from storage.database import Connection
from storage.reprocess import affiliates, audit
from storage.reprocess.affiliates import Answered
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.statements import SQL

#: What an item keeps of a message; the attempt has it whole.
ITEM_MESSAGE_CHARACTERS = 300


class LockedLog(NamedTuple):
    """A status log that a command is to act on, as it is while the transaction lasts."""

    id: uuid.UUID
    affiliate: str
    key: str
    status: str
    code: str | None
    message: str | None
    fingerprint: str | None
    event_id: str
    updated_at: datetime
    in_flight: uuid.UUID | None  # the item that is queued or sent
    reprocessed: int  # how many times before
    changed: bool = False  # its result came after the command's `as_of`


class NewItem(NamedTuple):
    """An item as it is recorded: queued, or refused with its verdict as the state."""

    id: uuid.UUID
    log_id: uuid.UUID
    state: ItemState
    mode: Mode
    reason: str | None = None
    log: LockedLog | None = None  # None: no such log
    joined_item_id: uuid.UUID | None = None


async def insert_command(connection: Connection, command: Command, as_of: datetime | None) -> bool:
    """Record a command, and in the audit who asks for it. False when this id is recorded already."""
    request = command.request
    pace = request.pace
    steps = None if pace is None or pace.steps is None else list(pace.steps)
    document = request.model_dump_json(exclude_none=True)
    inserted = await connection.fetchval(
        SQL["insert_command"],
        request.account,
        command.id,
        request.integration_type,
        request.mode,
        request.requested_by,
        request.reason,
        document,
        command.requested_at,
        as_of,
        pace and pace.per_second,
        steps,
        pace and pace.fixed_share,
        released(steps, 0) if steps else None,
    )
    if inserted is None:
        return False
    await audit.add(
        connection,
        request.account,
        "requested",
        command_id=command.id,
        requested_by=request.requested_by,
        reason=request.reason,
        request=document,
        key=await audit.key_of_command(connection, request.account, command.id),
    )
    return True


async def refuse_accepted(connection: Connection, account: str, command_id: str, reason: str) -> None:
    """The agents can't record this command: whoever asks for it is shown why instead of `accepted` for ever."""
    await connection.execute(SQL["refuse_accepted"], account, command_id, reason)


async def lock_logs(
    connection: Connection, account: str, integration_type: str, log_ids: Sequence[uuid.UUID], as_of: datetime | None
) -> dict[uuid.UUID, LockedLog]:
    """Those of `log_ids` that are logs of this account and type, locked until the transaction ends."""
    await connection.execute(SQL["lock_logs"], account, integration_type, log_ids)
    rows = await connection.fetch(SQL["read_locked_logs"], account, integration_type, log_ids, as_of)
    return {row["id"]: LockedLog(**row) for row in rows}


async def insert_items(
    connection: Connection,
    account: str,
    command_id: str,
    integration_type: str,
    items: Sequence[NewItem],
    *,
    first: int | None,
) -> int:
    """Record what a command decided about each entity, show it on the logs, and settle the command's state.

    `first`: the position of the first that is queued, when the command has steps. Returns how many are queued.
    """
    queued = [each for each in items if each.state is ItemState.QUEUED]
    positions = {} if first is None else {each.id: first + index for index, each in enumerate(queued)}
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
            each.log and each.log.message,
            each.log and each.log.fingerprint,
            each.log and each.log.event_id,
            each.log.reprocessed + 1 if each.log and each.state is ItemState.QUEUED else None,
            each.joined_item_id,
            positions.get(each.id),
        )
        for each in items
    ]
    if rows:
        await connection.execute(SQL["insert_items"], account, command_id, integration_type, *columns(rows, 15))
    await after_change(connection, [(account, each.id) for each in queued], [(account, command_id)])
    return len(queued)


async def mark_sent(connection: Connection, sent: Sequence[tuple[str, uuid.UUID, datetime]]) -> None:
    """Kafka has these items, by account and id; each with the time until which its answer is awaited."""
    named = [(account, item) for account, item, _expires_at in sent]
    await connection.execute(SQL["lock_logs_of_items"], *columns(named, 2))
    await connection.execute(SQL["mark_sent"], *columns(sent, 3))
    await after_change(connection, named, [])


async def mark_failed(connection: Connection, failed: Sequence[tuple[str, uuid.UUID, str, str]]) -> None:
    """Kafka refused these for good: account, item, command and reason of each."""
    named = [(account, item) for account, item, _command, _reason in failed]
    await connection.execute(SQL["lock_logs_of_items"], *columns(named, 2))
    rows = [(account, item, reason) for account, item, _command, reason in failed]
    await connection.execute(SQL["mark_failed"], *columns(rows, 3))
    await after_change(connection, named, [(account, command) for account, _item, command, _reason in failed])


async def mark_silent(connection: Connection, at: datetime, limit: int) -> int:
    """Items whose answer did not come by `at`. Returns how many, `limit` at most."""
    rows = await connection.fetch(SQL["mark_silent"], at, limit)
    await after_change(
        connection, [(row["account"], row["id"]) for row in rows], [(row["account"], row["command_id"]) for row in rows]
    )
    await affiliates.record_answers(
        connection, [Answered(row["account"], row["affiliate"], row["sent_at"], busy=True) for row in rows]
    )
    return len(rows)


async def mark_cancelled(connection: Connection, limit: int) -> int:
    """What cancelled commands have not sent. Returns how many, `limit` at most."""
    rows = await connection.fetch(SQL["mark_cancelled"], limit, REASONS[ItemState.CANCELLED])
    await after_change(connection, [(row["account"], row["id"]) for row in rows], [])
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
    answered: list[Answered] = []
    for row in await connection.fetch(SQL["lock_answered"], *columns(named, 3)):
        answer = by_item[row["account"], row["id"]]
        if row["after_version"] is not None and row["after_version"] >= answer.version:
            continue
        state = outcome(row["before_status"], row["before_fingerprint"], answer.status, answer.fingerprint)
        message = answer.message and answer.message[:ITEM_MESSAGE_CHARACTERS]
        moves.append(
            (
                row["account"],
                row["id"],
                state.value,
                answer.status,
                answer.code,
                message,
                answer.fingerprint,
                answer.version,
            )
        )
        commands.append((row["account"], row["command_id"]))
        answered.append(Answered(row["account"], row["affiliate"], row["sent_at"], busy=is_busy(answer.code)))
    if moves:
        await connection.execute(SQL["mark_answered"], *columns(moves, 8))
        await after_change(connection, [(move[0], move[1]) for move in moves], commands)
        await affiliates.record_answers(connection, answered)


async def cancel(
    connection: Connection,
    account: str,
    command_id: str,
    *,
    requested_by: str,
    reason: str | None,
    note: str,
    key: UsedKey = NO_KEY,
) -> bool:
    """Let nothing more of a command be taken to be sent. False when it is over, or not recorded.

    What a worker has taken already is on its way to Kafka, and still goes.
    """
    if await connection.fetchval(SQL["cancel_command"], account, command_id, note) is None:
        return False
    await audit.add(
        connection, account, "cancelled", command_id=command_id, requested_by=requested_by, reason=reason, key=key
    )
    return True


async def steps_to_judge(connection: Connection) -> list[tuple[str, str]]:
    """Commands, by account and id, that wait for the outcome of a step."""
    return [(row["account"], row["id"]) for row in await connection.fetch(SQL["steps_to_judge"])]


async def judge_step(connection: Connection, account: str, command_id: str) -> Judgement | None:
    """Go on to the next step of a command, or stop it; None while its step is not over."""
    await connection.execute(SQL["lock_commands"], [account], [command_id])
    row = await connection.fetchrow(SQL["read_step"], account, command_id)
    if row is None:
        return None
    steps, step = row["steps"], row["step"]
    before = released(steps, step - 1) or 0 if step else 0
    found = await connection.fetch(SQL["count_step"], account, command_id, before, row["released"])
    states: dict[str, int] = {}
    for each in found:
        states[each["state"]] = states.get(each["state"], 0) + each["items"]
    made = sum(states.values()) == steps[step] or row["made"]
    if not made or states.keys() & {"queued", "sent"}:
        return None
    same = [each["after_code"] for each in found if each["state"] == "same_error" for _ in range(each["items"])]
    verdict = judge(step + 1, states, row["fixed_share"], same)
    if verdict.go_on:
        await connection.execute(SQL["release_step"], account, command_id, step + 1, released(steps, step + 1))
    else:
        await connection.fetchval(SQL["cancel_command"], account, command_id, verdict.sentence)
        await audit.add(
            connection,
            account,
            "stopped",
            command_id=command_id,
            requested_by="conexoes",
            reason=verdict.sentence,
            request=verdict.outcome.model_dump_json(),
        )
    return verdict


async def after_change(
    connection: Connection, items: Sequence[tuple[str, uuid.UUID]], commands: Iterable[tuple[str, str]]
) -> None:
    """Show items on their logs, and settle the states of commands."""
    if items:
        await connection.execute(SQL["show_on_logs"], *columns(items, 2))
    names = sorted(set(commands))
    if names:
        await connection.execute(SQL["lock_commands"], *columns(names, 2))
        await connection.execute(SQL["settle_commands"], *columns(names, 2))
