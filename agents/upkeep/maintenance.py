"""Makes the partitions of coming months, and deletes what is older than its retention."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from agents.process.availability import until_available
from storage import names, retention
from storage.database import Connection, Database
from storage.notifications import outbox
from storage.settings import StorageSettings

#: Seconds between two rounds. Partitions are made two months ahead; what is old may wait an hour.
EVERY_SECONDS = 3600.0
#: Seconds between two transactions that delete, so that ingest has the disk to itself most of the time.
_PAUSE_SECONDS = 0.05

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Maintenance:
    """Runs in every worker; they share the work, and all but the first find little to do."""

    def __init__(self, database: Database, settings: StorageSettings, every_seconds: float = EVERY_SECONDS) -> None:
        self._database = database
        self._settings = settings
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Maintain until cancelled, waiting for PostgreSQL as long as it takes."""
        while True:
            await self.once()
            await asyncio.sleep(self._every_seconds)

    async def once(self) -> None:
        """Make missing partitions, then delete what is old, and end messages that nobody takes.

        It may be cancelled at any moment; the next call goes on from there.
        """
        days = self._settings.retention_days
        # First, and in its own transaction: next month has a partition whatever happens to the rest.
        made = await self._step(lambda connection: retention.make_attempts_partitions(connection, days))
        expired = await self._repeat(lambda connection: retention.expire_attempts(connection, days))
        if made or expired:
            log.info("partitions", made=made, expired=expired)
        await self._repeat(retention.forget_expired_attempts)
        await self._walk(lambda connection, page: retention.forget_unplaced_attempts(connection, days, page))
        if (evidence := self._settings.evidence_retention_days) is not None:
            await self._repeat(lambda connection: retention.expire_evidence(connection, evidence))
        # Without a retention of its own evidence goes with its attempts.
        values = days if evidence is None else min(days, evidence)
        await self._repeat(lambda connection: retention.expire_corrections(connection, values))
        if (silent := self._settings.silent_log_retention_days) is not None:
            await self._walk(lambda connection, page: retention.forget_silent_logs(connection, silent, page))
        await self._step(lambda connection: retention.forget_fault_hours(connection, days))
        await self._repeat(lambda connection: retention.forget_conflicts(connection, days))
        series = self._settings.series_retention_days
        await self._repeat(lambda connection: retention.forget_result_day(connection, series))
        await self._step(retention.forget_received)
        await self._step(retention.forget_sources)
        await self._repeat(lambda connection: retention.forget_incidents(connection, series))
        kept = self._settings.dead_letter_retention_days
        await self._repeat(lambda connection: retention.forget_dead_letters(connection, kept))
        await self._forget_unpublished(kept)
        await self._repeat(outbox.end_removed)
        await self._repeat(outbox.give_up)
        told = self._settings.notification_retention_days
        await self._repeat(lambda connection: retention.forget_notifications(connection, told))
        keys = self._settings.idempotency_retention_days
        await self._repeat(lambda connection: retention.forget_idempotency_keys(connection, keys))
        # Last, since nothing waits for it and it may take long.
        await self._repeat(names.move_aliases)

    async def _forget_unpublished(self, days: int) -> None:
        """Delete old dead letters that their topic never got, and say so: they are nowhere any more."""
        while letters := await self._step(lambda connection: retention.forget_unpublished_letters(connection, days)):
            log.error("dead letters expired before their topic took them", letters=letters)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _walk(self, work: Callable[[Connection, int], Awaitable[int | None]]) -> None:
        """Do `work` on a table from its first page on; it says which page is next."""
        page: int | None = 0
        while page is not None:
            page = await self._step(lambda connection, page=page: work(connection, page))  # type: ignore[misc]
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _repeat(self, work: Callable[[Connection], Awaitable[bool]]) -> int:
        """Repeat `work` until nothing is left to do. Returns how often something was."""
        times = 0
        while await self._step(work):
            times += 1
            await asyncio.sleep(_PAUSE_SECONDS)
        return times

    async def _step(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run one step in a transaction."""

        async def attempt() -> T:
            async with self._database.transaction() as connection:
                return await work(connection)

        return await until_available("maintenance", attempt)
