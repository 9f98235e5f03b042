"""Health of accounts as pages show it: read at most once in some seconds, and never waited for long."""

import asyncio
import time

import structlog

from broker.outage import Outages
from storage.database import Database
from storage.errors import StorageError
from storage.health import AccountHealth, read_health

log = structlog.get_logger(__name__)
#: Time for which what was read is shown again.
FRESH_SECONDS = 3.0
#: Time for which it is shown while the database is too slow to read it anew: a pause is not over because of that.
KEPT_SECONDS = 60.0
#: Time that a page waits for it. A page without banners is better than one that comes late.
WAIT_SECONDS = 0.5
_CACHE_SIZE = 1000


class Healths:
    """One for each app. `database`: in the reader role."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outages = Outages(log)
        self._read: dict[str, tuple[float, AccountHealth]] = {}  # account → when, and what
        self._reading: dict[str, asyncio.Task[None]] = {}

    async def of(self, account: str) -> AccountHealth | None:
        """Return the health of an account; None when it can't be read in time, nor was lately. Raises nothing."""
        known = self._read.get(account)
        if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        reading = self._reading.get(account)
        if reading is None:
            reading = self._reading[account] = asyncio.create_task(self._look(account))
        await asyncio.wait({reading}, timeout=WAIT_SECONDS)
        known = self._read.get(account)
        return known[1] if known is not None and time.monotonic() - known[0] < KEPT_SECONDS else None

    def forget(self, account: str) -> None:
        """Read it anew for the next page: this process has changed it."""
        self._read.pop(account, None)
        self._reading.pop(account, None)

    async def _look(self, account: str) -> None:
        at, found = time.monotonic(), None
        try:
            found = await read_health(self._database, account)
        except StorageError as exc:
            self._outages.failed("health", str(exc))
        else:
            self._outages.worked("health")
        finally:  # also after an error that is none of the database's: the next page reads it anew
            current = self._reading.get(account) is asyncio.current_task()
            if current:
                del self._reading[account]
        if current and found is not None:
            self._read.pop(account, None)
            if len(self._read) >= _CACHE_SIZE:
                self._read.clear()
            self._read[account] = (at, found)
