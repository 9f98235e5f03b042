"""Writer of reprocess commands and their items. Only this module and storage.reprocess.claims change their states.

A transaction that changes items locks their logs first, in the order of the key, then items, then counts (by a
trigger), then commands, then breakers: as `fold` does, so that there are no deadlocks.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from schemas.correction import KeptCorrection
from schemas.item_state import OPEN_ITEM_STATES, ItemState, outcome
from schemas.policy import Policy
from schemas.reasons.reason import Reason
from schemas.reprocess import OURSELVES, Command, Mode
from schemas.result import Result
from schemas.steps import Judgement, StepFault, judge, released
from schemas.verdict import REASONS
from storage.constants import ITEM_MESSAGE_CHARACTERS
from storage.database import Connection
from storage.reprocess import audit
from storage.reprocess.audit import NO_KEY, UsedKey
from storage.reprocess.breakers import Answered, Became, count_answers
from storage.reprocess.claims import release_claims
from storage.reprocess.corrections import insert_corrections
from storage.reprocess.faults_before import faults_before
from storage.statements import SQL, text_array


class ItemKey(NamedTuple):
    """The key of an item of any command."""

    account: str
    id: uuid.UUID


class CommandKey(NamedTuple):
    """The key of a command."""

    account: str
    id: str


class SentItem(NamedTuple):
    """An item that Kafka has."""

    account: str
    id: uuid.UUID
    busy_answers: int  # that it had when it was claimed
    mode: str  # in which it was sent
    expires_at: datetime  # until then its answer is awaited
    digest: bytes  # SHA-256 of the retry's value
    partition: int  # of its retry topic
    offset: int
    traceparent: str | None = None


class UnneededItem(NamedTuple):
    """A claimed item whose retry is not needed any more, or not allowed, by the verdict when its turn came."""

    account: str
    id: uuid.UUID
    state: ItemState
    reason: Reason


class FailedItem(NamedTuple):
    """An item that Kafka refused for good."""

    account: str
    id: uuid.UUID
    command_id: str
    reason: Reason


class _Move(NamedTuple):
    """A change of an item by an answer."""

    account: str
    id: uuid.UUID
    state: str  # what the answer means
    before: str  # the faults that it is compared with, as `_set_of`
    status: str
    code: str | None
    message: str | None
    fingerprint: str | None
    fingerprints: str  # as `_set_of`
    version: bytes
    busy_answers: int  # with this one
    busy_counted: bool  # one to its last sending is among them
    repeats: bool  # says busy once more of a sending: it changes nothing but what the answer says
    pause_seconds: float | None  # it is queued again, and sent when they are over; None: it is not


class LockedLog(NamedTuple):
    """A status log of a command's item, locked until the transaction ends."""

    id: uuid.UUID
    affiliate: str
    key: str
    status: str
    code: str | None
    message: str | None
    fingerprint: str | None  # of the gravest fault of its result
    other_fingerprints: list[str] | None  # of the others; None: there are none
    source: str
    event_id: str  # unique within its source
    updated_at: datetime
    in_flight: uuid.UUID | None  # the item that is queued or sent
    reprocessed: int  # how many times before
    changed: bool = False  # its result came after the command's `as_of`

    @property
    def fingerprints(self) -> list[str]:
        """All faults of its result."""
        return [self.fingerprint, *(self.other_fingerprints or ())] if self.fingerprint else []


class NewItem(NamedTuple):
    """An item as it is recorded: queued, or refused with its verdict as the state."""

    id: uuid.UUID
    log_id: uuid.UUID
    state: ItemState
    mode: Mode
    reason: Reason | None = None
    log: LockedLog | None = None  # None: no such log
    joined_item_id: uuid.UUID | None = None
    correction: KeptCorrection | None = None  # of its request


async def insert_command(
    connection: Connection,
    command: Command,
    as_of: datetime | None,
    *,
    automatic: Reason | None = None,
    ignored_groups: Sequence[str] = (),
) -> bool:
    """Record a command, and its author in the audit. Returns False when this id is recorded already.

    `automatic`: why we ask for it by ourselves. `ignored_groups`: those that it leaves out besides its filter's.
    """
    request = command.request
    pace = request.pace
    steps = None if pace is None or pace.steps is None else list(pace.steps)
    document = request.kept()
    inserted = await SQL["insert_command"].fetchval(
        connection,
        account=request.account,
        id=command.id,
        integration_type=request.integration_type,
        mode=request.mode,
        requested_by=request.requested_by,
        reason=request.reason,
        request=document,
        requested_at=command.requested_at,
        as_of=as_of,
        per_second=pace and pace.per_second,
        steps=steps,
        fixed_share=pace and pace.fixed_share,
        released=released(steps, 0) if steps else None,
        traceparent=command.traceparent,
        automatic=automatic and automatic.to_json(),
        not_before=request.not_before,
        when_back=request.when_back,
        ignored_groups=list(ignored_groups) or None,
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


async def refuse_accepted(connection: Connection, account: str, command_id: str, reason: Reason) -> None:
    """Refuse a command that agents can't record, so that it is shown with the reason, not as `accepted` for ever."""
    await SQL["refuse_accepted"].execute(connection, account=account, command_id=command_id, reason=reason.to_json())


async def lock_logs(
    connection: Connection, account: str, integration_type: str, log_ids: Sequence[uuid.UUID], as_of: datetime | None
) -> dict[uuid.UUID, LockedLog]:
    """Return the logs of this account and type among `log_ids`, locked until the transaction ends."""
    own = {"account": account, "integration_type": integration_type, "log_ids": log_ids}
    await SQL["lock_logs"].execute(connection, **own)
    rows = await SQL["read_locked_logs"].fetch(connection, **own, as_of=as_of)
    return {row["id"]: LockedLog(**row) for row in rows}


async def insert_items(
    connection: Connection,
    account: str,
    command_id: str,
    integration_type: str,
    items: Sequence[NewItem],
    *,
    first: int | None,
) -> None:
    """Record the items of a command with their verdicts, show them on the logs, and settle the command's state.

    `first`: the position of the first queued item, when the command has steps.
    """
    queued = [each for each in items if each.state is ItemState.QUEUED]
    positions = {} if first is None else {each.id: first + index for index, each in enumerate(queued)}
    if items:
        logs = [each.log for each in items]
        await SQL["insert_items"].execute(
            connection,
            items,
            account=account,
            command_id=command_id,
            integration_type=integration_type,
            state=[each.state.value for each in items],
            reason=[each.reason and each.reason.to_json() for each in items],
            affiliate=[log and log.affiliate for log in logs],
            key=[log and log.key for log in logs],
            before_status=[log and log.status for log in logs],
            before_code=[log and log.code for log in logs],
            before_message=[log and log.message for log in logs],
            before_fingerprint=[log and log.fingerprint for log in logs],
            before_fingerprints=[log and _set_of(log.fingerprints) for log in logs],
            before_source=[log and log.source for log in logs],
            before_event_id=[log and log.event_id for log in logs],
            attempt=[_attempt(each) for each in items],
            position=[positions.get(each.id) for each in items],
            corrected=[each.correction is not None for each in items],
        )
        await insert_corrections(
            connection, account, ((each.id, each.log_id, each.correction) for each in items if each.correction)
        )
    await after_change(connection, [ItemKey(account, each.id) for each in queued], [CommandKey(account, command_id)])


def _attempt(item: NewItem) -> int | None:
    """Return the ordinal of an item among the reprocesses of its log; None for an item that is never sent."""
    return item.log.reprocessed + 1 if item.log and item.state is ItemState.QUEUED else None


async def mark_sent(connection: Connection, sent: Sequence[SentItem]) -> None:
    """Mark items as published to Kafka, and add their modes to those of their commands."""
    await SQL["lock_logs_of_items"].execute(connection, sent)
    await SQL["mark_sent"].execute(connection, sent)
    await SQL["note_sent"].execute(connection, sent)
    keys = [ItemKey(each.account, each.id) for each in sent]
    await after_change(connection, keys, [])
    for row in await SQL["commands_without_mode"].fetch(connection, keys):
        await SQL["add_mode"].execute(connection, account=row["account"], command_id=row["id"], mode=row["mode"])


async def mark_unneeded(connection: Connection, unneeded: Sequence[UnneededItem]) -> list[ItemState]:
    """Let go of claimed items by their verdicts; return what they became.

    One whose log has changed again meanwhile is queued still. One that was sent and answered busy is `busy`.
    """
    await SQL["lock_logs_of_items"].execute(connection, unneeded)
    rows = await SQL["mark_unneeded"].fetch(
        connection,
        unneeded,
        state=[each.state.value for each in unneeded],
        reason=[each.reason.to_json() for each in unneeded],
    )
    await release_claims(connection, unneeded)
    await after_change(
        connection,
        [ItemKey(row["account"], row["id"]) for row in rows],
        [CommandKey(row["account"], row["command_id"]) for row in rows],
    )
    return [ItemState(row["state"]) for row in rows]


async def queue_again(connection: Connection, at: datetime, limit: int) -> int:
    """End the pauses that were over by `at`, of items whose answer was busy. Returns their number, `limit` at most."""
    return len(await SQL["queue_again"].fetch(connection, at=at, limit=limit))


async def mark_failed(connection: Connection, failed: Sequence[FailedItem]) -> None:
    """Mark items that Kafka refused for good."""
    await SQL["lock_logs_of_items"].execute(connection, failed)
    await SQL["mark_failed"].execute(connection, failed, reason=[each.reason.to_json() for each in failed])
    await after_change(
        connection,
        [ItemKey(each.account, each.id) for each in failed],
        [CommandKey(each.account, each.command_id) for each in failed],
    )


async def mark_silent(connection: Connection, at: datetime, limit: int) -> int:
    """Expire items whose answer did not come by `at`. Returns their number, `limit` at most."""
    rows = await SQL["mark_silent"].fetch(connection, at=at, limit=limit)
    await after_change(
        connection,
        [ItemKey(row["account"], row["id"]) for row in rows],
        [CommandKey(row["account"], row["command_id"]) for row in rows],
    )
    await count_answers(connection, [_counted(row, "silent") for row in rows])
    return len(rows)


async def mark_cancelled(connection: Connection, limit: int) -> list[ItemState]:
    """End queued items of cancelled commands, `limit` at most. Returns what they became: `cancelled` or `busy`."""
    rows = await SQL["mark_cancelled"].fetch(connection, limit=limit, reason=REASONS[ItemState.CANCELLED].to_json())
    if not rows:
        await SQL["mark_let_go"].execute(connection)
    await after_change(connection, [ItemKey(row["account"], row["id"]) for row in rows], [])
    return [ItemState(row["state"]) for row in rows]


async def erase_items(connection: Connection, account: str, log_ids: Sequence[uuid.UUID]) -> int:
    """Empty and end the items of logs that this transaction has locked and deleted. Returns their number.

    Their commands are settled: no answer to such an item would ever do it.
    """
    rows = await SQL["erase_items"].fetch(connection, account=account, log_ids=log_ids)
    await after_change(connection, [], [CommandKey(account, row["command_id"]) for row in rows])
    return len(rows)


async def record_answers(connection: Connection, answers: Sequence[Result], policy: Policy) -> list[str]:
    """Change the states of items that results answer; return what the answers mean.

    Of several answers the one with the greatest version counts. An item whose answer is busy is queued again as the
    policy says, and is `busy` after its last try. However many answers say so of one sending, they use up one try, and
    are one for a breaker.

    A correlation that names no item of the same account and entity is ignored.
    """
    by_item: dict[ItemKey, Result] = {}
    for each in sorted(answers, key=lambda result: result.version):
        if each.correlation_id is not None:
            by_item[ItemKey(each.account, each.correlation_id)] = each
    moves: list[_Move] = []
    commands: list[CommandKey] = []
    answered: list[Answered] = []
    log_ids = [each.log_id for each in by_item.values()]
    named = await SQL["lock_answered"].fetch(connection, list(by_item), log_id=log_ids)
    rows = {ItemKey(row["account"], row["id"]): row for row in named}
    for item, row in rows.items():
        if row["after_version"] is not None and row["after_version"] >= by_item[item].version:
            del by_item[item]
    rows = {item: row for item, row in rows.items() if item in by_item}
    faults = await faults_before(connection, rows.values(), {item.id: each for item, each in by_item.items()})
    for item, row in rows.items():
        answer = by_item[item]
        moves.append(_move(item, row, faults[item.id], answer, policy))
        commands.append(CommandKey(row["account"], row["command_id"]))
        if not (answer.busy and row["busy_counted"]):
            answered.append(_counted(row, "busy" if answer.busy else "good"))
    if moves:
        await SQL["mark_answered"].execute(connection, moves)
        await after_change(connection, [ItemKey(each.account, each.id) for each in moves], commands)
        await count_answers(connection, answered)
    return [each.state for each in moves]


def _move(item: ItemKey, row: Any, before: Sequence[str], answer: Result, policy: Policy) -> _Move:
    """Return the change of an item by its answer. `before`: the faults of the log that it was to cure."""
    state = outcome(row["before_status"], before, answer.status, answer.fingerprints, busy=answer.busy)
    is_busy, counted = state is ItemState.BUSY, row["busy_counted"]
    busy_answers = row["busy_answers"] + (1 if is_busy and not counted else 0)
    repeats = is_busy and counted and row["state"] in {ItemState.QUEUED, ItemState.BUSY}
    pause = None
    if is_busy and not repeats and not row["is_over"]:
        pause = policy.for_(row["integration_type"], row["affiliate"]).pause_after(busy_answers)
    return _Move(
        *item,
        state.value,
        _set_of(before),
        answer.status,
        answer.code,
        answer.message and answer.message[:ITEM_MESSAGE_CHARACTERS],
        answer.fingerprint,
        _set_of(answer.fingerprints),
        answer.version,
        busy_answers,
        is_busy or counted,
        repeats,
        pause,
    )


def _set_of(fingerprints: Sequence[str]) -> str:
    """Return the array of fingerprints, sorted, each once."""
    return text_array(sorted(set(fingerprints)))


def _counted(row: Any, became: Became) -> Answered:
    """Return what a breaker counts of an item."""
    return Answered(row["account"], row["affiliate"], row["integration_type"], row["sent_at"], became)


async def cancel(
    connection: Connection,
    account: str,
    command_id: str,
    *,
    requested_by: str,
    note: Reason,
    reason: str | None = None,
    key: UsedKey = NO_KEY,
) -> bool:
    """Cancel a command, by `note`: no more of its items are claimed. Returns False when it is over, or not recorded.

    `reason` is the person's own. Items that a worker has claimed already are on their way to Kafka, and are still sent.
    """
    if (
        await SQL["cancel_command"].fetchval(connection, account=account, command_id=command_id, note=note.to_json())
        is None
    ):
        return False
    await audit.add(
        connection, account, "cancelled", command_id=command_id, requested_by=requested_by, reason=reason, key=key
    )
    return True


async def steps_to_judge(connection: Connection) -> list[CommandKey]:
    """Return the commands of which nothing is in flight in the step that they wait for."""
    return [CommandKey(row["account"], row["id"]) for row in await SQL["steps_to_judge"].fetch(connection)]


async def judge_step(connection: Connection, account: str, command_id: str) -> Judgement | None:
    """Let a command go on to its next step, or stop it. Returns None while its step is not over."""
    await SQL["lock_commands"].execute(connection, [CommandKey(account, command_id)])
    row = await SQL["read_step"].fetchrow(connection, account=account, command_id=command_id)
    if row is None:
        return None
    steps, step = row["steps"], row["step"]
    before = released(steps, step - 1) or 0 if step else 0
    own = {"account": account, "command_id": command_id, "after": before, "up_to": row["released"]}
    found = await SQL["count_step"].fetch(connection, **own)
    states = {each["state"]: each["items"] for each in found}
    made = sum(states.values()) == steps[step] or row["made"]
    if not made or states.keys() & set(OPEN_ITEM_STATES):
        return None
    faults = [StepFault(**each) for each in await SQL["count_step_faults"].fetch(connection, **own)]
    verdict = judge(step + 1, states, row["fixed_share"], faults)
    if verdict.go_on:
        await SQL["release_step"].execute(
            connection, account=account, command_id=command_id, step=step + 1, released=released(steps, step + 1)
        )
    else:
        await SQL["cancel_command"].execute(
            connection, account=account, command_id=command_id, note=verdict.reason.to_json()
        )
        await audit.add(
            connection,
            account,
            "stopped",
            command_id=command_id,
            requested_by=OURSELVES,
            reason=None,
            request=verdict.outcome.model_dump_json(),
        )
    return verdict


async def after_change(connection: Connection, items: Sequence[ItemKey], commands: Iterable[CommandKey]) -> None:
    """Show items on their logs, and settle the states of commands."""
    if items:
        await SQL["show_on_logs"].execute(connection, items)
    names = sorted(set(commands))
    if names:
        await SQL["lock_commands"].execute(connection, names)
        await SQL["settle_commands"].execute(connection, names)
