"""The pulse of the database: if it answers just now. One that hangs refuses nothing, it only never answers."""

import asyncio
import math
import time
from datetime import UTC, datetime

import structlog

from broker.outage import Outages
from schemas.timestamp import NANOSECONDS
from storage.clock import ServerClock
from storage.database import Database
from storage.errors import StorageError

log = structlog.get_logger(__name__)
#: Time for which an answer or a refusal is taken for the next one too: a process asks no more often, however many pages
#: are open.
FRESH_SECONDS = 2.0
#: Time within which the database must answer.
DEADLINE_SECONDS = 4.0


class Pulse:
    """One for each app. Everyone who asks at the same time awaits the same question."""

    def __init__(self, database: Database) -> None:
        self._outages = Outages(log)
        self._clock = ServerClock(database)
        self._asking: asyncio.Task[bool] | None = None
        self._asked_at = -math.inf
        self._answered_at = -math.inf

    async def answers(self) -> bool:
        """Return True when the database has answered within FRESH_SECONDS, or does so within DEADLINE_SECONDS.

        A question that has no answer stays the only one until it ends, so that nobody else waits for a database that
        hangs; one that refuses is asked again after FRESH_SECONDS.
        """
        now = time.monotonic()
        if now - self._answered_at < FRESH_SECONDS:
            return True
        if self._asking is None or (self._asking.done() and now - self._asked_at >= FRESH_SECONDS):
            self._asking, self._asked_at = asyncio.create_task(self._ask()), now
        asking = self._asking
        left = self._asked_at + DEADLINE_SECONDS - now
        if left > 0:
            await asyncio.wait({asking}, timeout=left)
        return asking.done() and asking.result()

    def now(self) -> datetime:
        """Return PostgreSQL's time, which judges ends that a page sets. Call it once `answers` has returned True."""
        return datetime.fromtimestamp(self._clock.now_ns() / NANOSECONDS, UTC)

    async def _ask(self) -> bool:
        try:
            await self._clock.measure()
        except StorageError as exc:
            self._outages.failed("pulse", str(exc))
            return False
        self._outages.worked("pulse")
        self._answered_at = time.monotonic()
        return True
