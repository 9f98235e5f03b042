"""Reads reprocess commands: decides about each entity once, and records it before anything is sent.

A command that names logs is decided here. For one with a filter, agents.reprocess.materialise makes the items.
"""

import uuid
from collections import Counter
from collections.abc import AsyncIterable, Callable
from datetime import datetime
from functools import partial
from typing import Any, Literal

import structlog

from agents.kafka.dead_letters import DeadLetters
from agents.kafka.delivery import Delivery
from agents.kafka.record_batch import RecordBatch
from agents.kafka.unreadable import Unreadable
from agents.metrics import COMMANDS, IngestWork
from agents.process.availability import until_available
from agents.reprocess.new_items import Asked, new_items
from schemas.correction import KeptCorrection
from schemas.dead_letter import DeadLetter
from schemas.item_state import ItemState
from schemas.policy import Policy
from schemas.reasons.reason import Reason
from schemas.redaction import Redaction
from schemas.refusal import DeadLetterCode, Refusal
from schemas.reprocess import OURSELVES, Command, CommandRefusal, read_command
from schemas.verdict import REASONS
from storage.database import Connection, Database, clock
from storage.errors import RowRefused
from storage.logs.group_decisions import left_out_by
from storage.positions import Move, move_positions
from storage.reprocess import affiliates
from storage.reprocess.corrections import judge_corrections
from storage.reprocess.idempotency import is_revoked
from storage.reprocess.selection import insert_selection, settled_until
from storage.reprocess.writer import cancel, insert_command, insert_items, lock_logs, refuse_accepted
from tracing.spans import Step, begin, processed

log = structlog.get_logger(__name__)


class Commands:
    """The agent of the command topic."""

    def __init__(
        self,
        database: Database,
        dead_letters: DeadLetters,
        policy: Policy,
        delivery: Delivery,
        recorded: Callable[[], None],
        *,
        redaction: Redaction | None = None,
    ) -> None:
        """`recorded` is called when there may be items to make or to send. `redaction`: of what is stored."""
        self._database = database
        self._dead_letters = dead_letters
        self._policy = policy
        self._delivery = delivery
        self._recorded = recorded
        self._redaction = redaction

    async def run(self, batches: AsyncIterable[RecordBatch]) -> None:
        """Handle batches until cancelled. An exception out of here is a bug, and the process must end."""
        async for batch in batches:
            await self._delivery.settle([batch], partial(self._handle_batch, batch))

    async def _handle_batch(self, batch: RecordBatch) -> None:
        for record in batch.records:
            if isinstance(record, Unreadable):
                COMMANDS.labels("dead_letter").inc()
                await self._dead_letters.keep([DeadLetter.of(record, 0, record.refusal)])
            elif record.value is not None:
                await self._handle_record(record)
        await until_available(IngestWork.COMMANDS, partial(self._move, batch.move))

    async def _move(self, move: Move) -> None:
        async with self._database.transaction() as connection:
            await move_positions(connection, [move])

    async def _handle_record(self, record: Any) -> None:
        refused: list[DeadLetter] = []
        begun_ns = begin()
        for position, command in enumerate(read_command(record.headers, record.value)):
            refusal = command if isinstance(command, Refusal) else await self.handle(command)
            if isinstance(command, Command) and command.traceparent is not None:
                about = {"conexoes.command_id": command.id}
                step = Step(command.traceparent, record.topic, record.partition, record.offset, about)
                processed([step], begun_ns)
            if refusal is None:
                continue
            letter = DeadLetter.of(record, position, refusal)
            refused.append(letter)
            if isinstance(refusal, CommandRefusal):
                await self._tell(letter.account, refusal)
        COMMANDS.labels("dead_letter").inc(len(refused))
        await self._dead_letters.keep(refused)

    async def handle(self, command: Command) -> Refusal | None:
        """Record one command, and its items when it names logs; the same id again changes nothing.

        Returns the refusal when it is no command. Waits for PostgreSQL as long as it takes. agents.reprocess.dispatch
        sends what was recorded, in this process or another: a crash after this loses nothing.
        """
        try:
            recorded = await until_available(IngestWork.COMMANDS, lambda: self._record(command))
        except RowRefused as exc:
            return CommandRefusal(DeadLetterCode.STORAGE, exc.reason, command.id, None)
        COMMANDS.labels(recorded).inc()
        if recorded != "repeated":
            log.info("command", account=command.request.account, command_id=command.id, outcome=recorded)
        if recorded == "recorded":
            self._recorded()
        return None

    async def _record(self, command: Command) -> Literal["recorded", "repeated", "revoked"]:
        """Record it in one transaction, once. A command is left that was revoked: its caller was told 503."""
        as_of = await self._as_of(command)
        corrections = await self._corrections(command)
        async with self._database.transaction() as connection:
            if await is_revoked(connection, command.request.account, command.id, command.requested_at):
                return "revoked"
            if not await insert_command(connection, command, as_of, ignored_groups=await _ignored(connection, command)):
                return "repeated"
            if too_far := command.request.lies_too_far_ahead(await clock(connection)):
                await cancel(connection, command.request.account, command.id, requested_by=OURSELVES, note=too_far)
            elif command.request.log_ids is None:
                await insert_selection(connection, command.request.account, command.id)
            else:
                await self._record_items(connection, command, command.request.log_ids, as_of, corrections)
            return "recorded"

    async def _as_of(self, command: Command) -> datetime | None:
        """The command's own `as_of`, but never later than the database's time.

        A clock that is ahead must not select more.
        """
        if command.request.as_of is None:
            return None
        async with self._database.connection() as connection:
            return min(command.request.as_of, await settled_until(connection))

    async def _corrections(self, command: Command) -> dict[uuid.UUID, KeptCorrection | Reason]:
        """Judge its corrections before logs are locked: results of these would wait for it."""
        if command.request.corrections is None:
            return {}
        async with self._database.connection() as connection:
            return await judge_corrections(connection, self._policy, command.request, self._redaction)

    async def _record_items(
        self,
        connection: Connection,
        command: Command,
        log_ids: list[uuid.UUID],
        as_of: datetime | None,
        judged: dict[uuid.UUID, KeptCorrection | Reason],
    ) -> None:
        request = command.request
        logs = await lock_logs(connection, request.account, request.integration_type, log_ids, as_of)
        counts = Counter(each.affiliate for each in logs.values())
        if lack := self._policy.lacks_reason(request.integration_type, request.reason, counts):
            await cancel(connection, request.account, command.id, requested_by=OURSELVES, note=lack)
            return
        asked = Asked(request.account, command.id, request.integration_type, request.mode)
        paused = (
            frozenset()
            if request.when_back
            else await affiliates.paused(connection, request.account, request.integration_type)
        )
        corrections = dict(judged)
        for each in request.corrections or ():
            # A result that came after it was judged, or the first one.
            if each.log_id in logs and (each.log_id not in judged or logs[each.log_id].event_id != each.event_id):
                corrections[each.log_id] = REASONS[ItemState.CHANGED_SINCE]
        items = new_items(asked, log_ids, logs, self._policy, paused, corrections=corrections)
        stepped = request.pace is not None and request.pace.steps is not None
        await insert_items(
            connection, request.account, command.id, request.integration_type, items, first=1 if stepped else None
        )

    async def _tell(self, account: str, refusal: CommandRefusal) -> None:
        async def write() -> None:
            async with self._database.transaction() as connection:
                await refuse_accepted(connection, account, refusal.command_id, refusal.reason)

        await until_available(IngestWork.COMMANDS, write)


async def _ignored(connection: Connection, command: Command) -> tuple[str, ...]:
    """Return the groups that its filter leaves out since they are ignored, as its plan does at the same time."""
    request = command.request
    if request.filter is None:
        return ()
    return await left_out_by(connection, request.account, request.integration_type, request.filter)
