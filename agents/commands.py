"""Reprocess commands in: decide about each entity once, and record it before anything is sent."""

import uuid
from collections.abc import AsyncIterable, Callable, Mapping, Sequence

import structlog

from agents.dead_letter import DeadLetters
from agents.metrics import COMMANDS
from agents.patience import patiently
from agents.transport import RecordBatch
from agents.unreadable import Unreadable
from schemas.dead_letter import DeadLetter
from schemas.identity import item_id
from schemas.policy import Policy
from schemas.refusal import DeadLetterCode, Refusal
from schemas.reprocess import Command, ItemState, read_command
from storage.database import Database
from storage.errors import RowRefused
from storage.reprocess_writer import LockedLog, NewItem, insert_command, insert_items, lock_logs

log = structlog.get_logger(__name__)

FILTER_NOT_SUPPORTED = "data.filter: this version reprocesses log_ids only"


def decide(command: Command, logs: Mapping[uuid.UUID, LockedLog], policy: Policy) -> list[NewItem]:
    """One item for each of the command's log ids, in order: queued, or refused with the reason.

    An id that comes again counts once. Pure: `logs` is what the database holds of them.
    """
    return [_decide_one(command, log_id, logs.get(log_id), policy) for log_id in _log_ids(command)]


def _log_ids(command: Command) -> list[uuid.UUID]:
    return list(dict.fromkeys(command.request.log_ids or ()))


def _decide_one(command: Command, log_id: uuid.UUID, found: LockedLog | None, policy: Policy) -> NewItem:
    request = command.request
    item = item_id(request.account, command.id, log_id)
    if found is None:
        reason = "There is no such log in this account and type."
        return NewItem(item, log_id, ItemState.NOT_FOUND, request.mode, reason)
    rule = policy.for_(request.integration_type, found.affiliate)
    mode = rule.mode or request.mode
    if not rule.reprocessable:
        return NewItem(item, log_id, ItemState.NOT_REPROCESSABLE, mode, rule.reason, found)
    if found.status == "success":
        return NewItem(item, log_id, ItemState.ALREADY_SUCCEEDED, mode, "The last result is a success.", found)
    if found.in_flight is not None:
        reason = "An earlier reprocess of this entity is in flight; this request joined it."
        return NewItem(item, log_id, ItemState.IN_FLIGHT, mode, reason, found, found.in_flight)
    return NewItem(item, log_id, ItemState.QUEUED, mode, None, found)


class Commands:
    """The agent of the command topic."""

    def __init__(
        self,
        database: Database,
        dead_letters: DeadLetters,
        policy: Policy,
        done: Callable[[RecordBatch], None],
        queued: Callable[[], None],
    ) -> None:
        """`queued` is called when there may be items to send."""
        self._database = database
        self._dead_letters = dead_letters
        self._policy = policy
        self._done = done
        self._queued = queued

    async def run(self, batches: AsyncIterable[RecordBatch]) -> None:
        """Take batches until cancelled. Whatever this raises is a bug, and the process must end (agents.escape)."""
        async for batch in batches:
            for record in batch.records:
                if isinstance(record, Unreadable):
                    refusal = Refusal(DeadLetterCode.ENCODING, record.reason)
                    COMMANDS.labels("dead_letter").inc()
                    await self._dead_letters.keep([DeadLetter.of(record, 0, refusal)])
                elif record.value is not None:
                    await self._handle_record(record)
            self._done(batch)

    async def _handle_record(self, record: object) -> None:
        refused: list[DeadLetter] = []
        for position, command in enumerate(read_command(record.headers, record.value)):  # type: ignore[attr-defined]
            refusal = command if isinstance(command, Refusal) else await self.handle(command)
            if refusal is not None:
                refused.append(DeadLetter.of(record, position, refusal))
        COMMANDS.labels("dead_letter").inc(len(refused))
        await self._dead_letters.keep(refused)

    async def handle(self, command: Command) -> Refusal | None:
        """Record one command and its items; the same id again changes nothing. Returns why it can't be one.

        Waits for PostgreSQL as long as it takes. What was recorded is sent by agents.dispatch, in this process or
        another: a crash after this loses nothing.
        """
        if command.request.log_ids is None:
            return Refusal(DeadLetterCode.SCHEMA, FILTER_NOT_SUPPORTED)
        try:
            items = await patiently("commands", lambda: self._record(command))
        except RowRefused as exc:
            return Refusal(DeadLetterCode.STORAGE, f"PostgreSQL refuses it: {exc}")
        if items is None:
            COMMANDS.labels("repeated").inc()
            return None
        COMMANDS.labels("recorded").inc()
        log.info("command", account=command.request.account, command_id=command.id, items=len(items))
        self._queued()
        return None

    async def _record(self, command: Command) -> Sequence[NewItem] | None:
        """The items, or None when the command was recorded before."""
        request, log_ids = command.request, _log_ids(command)
        async with self._database.transaction() as connection:
            if not await insert_command(connection, command, len(log_ids)):
                return None
            logs = await lock_logs(connection, request.account, request.integration_type, log_ids)
            items = decide(command, logs, self._policy)
            await insert_items(connection, command, items)
            return items
