"""Items of commands that have a filter, made a chunk at a time, so that a million needs no more memory than a thousand.

Each chunk is one transaction that also keeps how far the command is: a crash at any point goes on from there.
"""

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from pydantic import ValidationError

from agents.metrics import ITEMS
from agents.process.availability import until_available
from agents.process.rounds import POLL_SECONDS
from agents.reprocess.decide import Asked, decide
from schemas.policy import Policy
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
from storage.reprocess.writer import after_change, cancel, insert_items, lock_logs

#: Logs that are locked together: ingest waits for them no longer than one such transaction.
CHUNK = 1000
#: So often in a row may a selection fail by its own fault. Each may cost a statement's whole time.
MAX_FAILURES = 5

_OVER = frozenset({"done", "cancelled"})
_COUNTING_ONLY = frozenset({"joining", "ending"})

log = structlog.get_logger(__name__)


class Materialise:
    """Makes items; any number of workers share the commands, one at a time each, by turns."""

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
        """Look at once; without it, `poll_seconds` later."""
        self._wake.set()

    async def run(self) -> None:
        """Make until cancelled, waiting for PostgreSQL as long as it takes."""
        while True:
            if await until_available("materialise", self.make_chunk):
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._poll_seconds)
            self._wake.clear()

    async def make_chunk(self) -> bool:
        """Do the next part of the command that waited longest. False when there is none.

        Raises StorageUnavailable, and then nothing is done. Whatever else goes wrong with a command is kept with it:
        it waits until all others had their turn, and after a few failures is cancelled with a note that says why.
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
        if selection.phase in _COUNTING_ONLY:
            # The command is locked by the last statement only: answers to it must not wait for the count.
            await set_joined_since(connection, selection, await count_joined_since(connection, selection))
            over = selection.state in _OVER
            await move_selection(connection, selection._replace(phase="made" if over else "ending"))
        elif selection.state in _OVER:
            await move_selection(connection, selection._replace(phase="ending"))
        elif selection.phase == "counting":
            await self._count(connection, selection)
        else:
            await self._make(connection, selection)

    async def _set_aside(self, selection: Selection, exc: Exception) -> None:
        """In a transaction of its own, since that of the failure is gone. Raises StorageUnavailable.

        When this succeeds, PostgreSQL is there: a statement that takes too long is the fault of what it looks for.
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
            if selection.phase not in _COUNTING_ONLY:
                if failures < MAX_FAILURES:
                    return
                why = _why(exc)
                await cancel(connection, account, command_id, requested_by="conexoes", reason=why, note=why)
            await move_selection(connection, selection._replace(phase="made"))

    async def _count(self, connection: Connection, selection: Selection) -> None:
        """How many there are: so much can be shown of the way to go, and a reason may be required."""
        account, command_id = selection.account, selection.command_id
        groups = await survey(connection, account, selection.integration_type, selection.filter, selection.as_of)
        counts = by_affiliate(groups)
        await set_selected(connection, selection, sum(counts.values()))
        if lack := self._policy.lacks_reason(selection.integration_type, selection.reason, counts):
            await cancel(connection, account, command_id, requested_by="conexoes", reason=lack, note=lack)
            await move_selection(connection, selection._replace(phase="made"))
            return
        await move_selection(connection, selection._replace(phase="unchanged"))
        await after_change(connection, [], [(account, command_id)])

    async def _make(self, connection: Connection, selection: Selection) -> None:
        account, command_id, integration_type = selection.account, selection.command_id, selection.integration_type
        places = await next_logs(connection, selection, self._chunk)
        log_ids = [each for _at, each in places]
        logs = await lock_logs(connection, account, integration_type, log_ids, selection.as_of)
        if selection.phase == "unchanged":
            # What changed before it was locked has moved to the front: the next phase finds it.
            log_ids = [each for each in log_ids if logs[each].updated_at <= selection.as_of]
        paused = await affiliates.paused(connection, account)
        asked = Asked(account, command_id, integration_type, selection.mode)  # type: ignore[arg-type]
        items = decide(asked, log_ids, logs, self._policy, paused)
        after = selection._replace(after=places[-1] if places else None)
        if len(places) < self._chunk:
            after = selection._replace(after=None, phase="changed" if selection.phase == "unchanged" else "joining")
        first = selection.next_position
        queued = sum(each.state == "queued" for each in items)
        # Before the items: whether the command is done depends on it.
        await move_selection(connection, after._replace(next_position=first + queued))
        await insert_items(
            connection, account, command_id, integration_type, items, first=first if selection.stepped else None
        )
        if after.phase == "joining":
            log.info("items made", account=account, command_id=command_id)
        for item in items:
            ITEMS.labels(item.state.value).inc()


def _why(exc: Exception) -> str:
    """For whoever asked for the command."""
    if isinstance(exc, TimedOut):
        return f"Finding what its filter selects took too long, {MAX_FAILURES} times. Ask for less at once."
    if isinstance(exc, ValidationError):
        return "This version does not know its filter."
    return f"Its items can't be made: {str(exc)[:300] or type(exc).__name__}"
