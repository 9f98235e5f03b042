"""Materialises the items of commands with a filter, in chunks: a million takes no more memory than a thousand.

Each chunk is one transaction, which also stores the cursor: after a crash the command goes on from there. One that is
stopped meanwhile sends nothing more, and its items are made all the same: what it chose and did not send is known then,
whatever its logs show later.
"""

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from pydantic import ValidationError

from agents.metrics import ITEMS
from agents.process.availability import until_available
from agents.process.rounds import POLL_SECONDS
from agents.reprocess.new_items import Asked, new_items
from schemas.policy import Policy
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from schemas.reprocess import ENDED_COMMAND_STATES, OURSELVES
from storage.constants import COUNTING_PHASES
from storage.database import Connection, Database
from storage.errors import StorageUnavailable, TimedOut
from storage.reprocess import affiliates
from storage.reprocess.selection import (
    Selection,
    by_affiliate,
    claim_selection,
    count_joined_since,
    move_selection,
    next_logs,
    set_joined_since,
    set_selected,
    set_selection_aside,
    survey,
)
from storage.reprocess.writer import CommandKey, after_change, cancel, insert_items, lock_logs

#: Logs that one transaction locks: so long, at most, ingest waits for them.
CHUNK = 1000
#: Failures in a row, after which a command is cancelled. Each may cost a whole statement timeout.
MAX_FAILURES = 5


log = structlog.get_logger(__name__)


class Materialise:
    """Makes items. Any number of workers take turns at the commands, each with one at a time."""

    def __init__(
        self,
        database: Database,
        policy: Policy,
        queued: Callable[[], None],
        *,
        poll_seconds: float = POLL_SECONDS,
        chunk: int = CHUNK,
    ) -> None:
        """`queued` is called when there may be items to send."""
        self._database = database
        self._policy = policy
        self._queued = queued
        self._poll_seconds = poll_seconds
        self._chunk = chunk
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Poll now instead of after `poll_seconds`."""
        self._wake.set()

    async def run(self) -> None:
        """Make items until cancelled, waiting for PostgreSQL as long as it takes."""
        while True:
            if await until_available("materialise", self.make_chunk):
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._poll_seconds)
            self._wake.clear()

    async def make_chunk(self) -> bool:
        """Make the next chunk of the command that waited longest. False when there is none.

        Raises StorageUnavailable, and then nothing is done. Any other failure is recorded with the command: it waits
        until all others had their turn, and after a few failures in a row it is cancelled with a note that says why.
        """
        selection: Selection | None = None
        try:
            async with self._database.transaction() as connection:
                selection = await claim_selection(connection)
                if selection is None:
                    return False
                await self._do(connection, selection)
        except Exception as exc:
            if selection is None:
                raise
            await self._set_aside(selection, exc)
            if isinstance(exc, StorageUnavailable):
                raise
        self._queued()
        return True

    async def _do(self, connection: Connection, selection: Selection) -> None:
        if selection.phase in COUNTING_PHASES:
            # Only the last statement locks the command: answers to it must not wait for the count.
            await set_joined_since(connection, selection, await count_joined_since(connection, selection))
            over = selection.state in ENDED_COMMAND_STATES
            await move_selection(connection, selection._replace(phase="made" if over else "ending"))
        elif selection.phase == "counting":
            await self._count(connection, selection)
        else:
            await self._make(connection, selection)

    async def _set_aside(self, selection: Selection, exc: Exception) -> None:
        """Record a failure, in a new transaction: that of the failure is gone. Raises StorageUnavailable.

        When this succeeds, PostgreSQL is there: a statement that timed out did so because of what it selects.
        """
        account, command_id = selection.account, selection.command_id
        own_fault = isinstance(exc, TimedOut) or not isinstance(exc, StorageUnavailable)
        async with self._database.transaction() as connection:
            failures = await set_selection_aside(connection, selection, own_fault=own_fault)
            log.warning(
                "selection failed",
                account=account,
                command_id=command_id,
                phase=selection.phase,
                failures=failures,
                exc_info=None if isinstance(exc, StorageUnavailable) else exc,
                reason=str(exc),
            )
            if not own_fault:
                return
            if selection.phase not in COUNTING_PHASES:
                if failures < MAX_FAILURES:
                    return
                await cancel(connection, account, command_id, requested_by=OURSELVES, note=why(exc))
            await move_selection(connection, selection._replace(phase="made"))

    async def _count(self, connection: Connection, selection: Selection) -> None:
        """Count the matching logs: progress is shown against the number, and it decides if a reason is required."""
        account, command_id = selection.account, selection.command_id
        groups = await survey(connection, account, selection.integration_type, selection.filter, selection.as_of)
        counts = by_affiliate(groups)
        await set_selected(connection, selection, sum(counts.values()))
        is_over = selection.state in ENDED_COMMAND_STATES
        if not is_over and (lack := self._policy.lacks_reason(selection.integration_type, selection.reason, counts)):
            await cancel(connection, account, command_id, requested_by=OURSELVES, note=lack)
            await move_selection(connection, selection._replace(phase="made"))
            return
        await move_selection(connection, selection._replace(phase="unchanged"))
        await after_change(connection, [], [CommandKey(account, command_id)])

    async def _make(self, connection: Connection, selection: Selection) -> None:
        account, command_id, integration_type = selection.account, selection.command_id, selection.integration_type
        cursors = await next_logs(connection, selection, self._chunk)
        log_ids = [each for _at, each in cursors]
        logs = await lock_logs(connection, account, integration_type, log_ids, selection.as_of)
        log_ids = [each for each in log_ids if each in logs]  # the others were erased meanwhile
        if selection.phase == "unchanged":
            # A log that changed before it was locked has moved to the front: the next phase finds it.
            log_ids = [each for each in log_ids if logs[each].updated_at <= selection.as_of]
        paused = frozenset() if selection.when_back else await affiliates.paused(connection, account, integration_type)
        asked = Asked(account, command_id, integration_type, selection.mode)  # type: ignore[arg-type]
        is_over = selection.state in ENDED_COMMAND_STATES
        items = new_items(asked, log_ids, logs, self._policy, paused, is_over=is_over)
        after = selection._replace(after=cursors[-1] if cursors else None)
        if len(cursors) < self._chunk:
            after = selection._replace(after=None, phase="changed" if selection.phase == "unchanged" else "joining")
        first = selection.next_position
        queued = sum(each.state == "queued" for each in items)
        # Before the items: it decides if the command is done.
        await move_selection(connection, after._replace(next_position=first + queued))
        await insert_items(
            connection, account, command_id, integration_type, items, first=first if selection.stepped else None
        )
        if after.phase == "joining":
            log.info("items made", account=account, command_id=command_id)
        for item in items:
            ITEMS.labels(item.state.value).inc()


def why(exc: Exception) -> Reason:
    """Say why the command failed, to the person who gave it."""
    if isinstance(exc, TimedOut):
        return Reason(ReasonCode.SELECTION_TOO_SLOW, times=MAX_FAILURES)
    if isinstance(exc, ValidationError):
        return Reason(ReasonCode.FILTER_NOT_KNOWN)
    return Reason(ReasonCode.ITEMS_NOT_MADE, detail=str(exc)[:300] or type(exc).__name__)
