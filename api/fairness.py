"""Keeps one account's readers from taking every connection of the database: each account has places of its own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from api.problems import ProblemError
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason

#: Time limit of a wait for a place; after it the answer is 429.
WAIT_SECONDS: Final = 2.0
#: Limit of live streams of one account. Each wakes up every few seconds.
MAX_STREAMS: Final = 100
#: Key of an ASGI scope: the functions that api.edge calls once the answer is sent.
AFTER_ANSWER: Final = "conexoes.after_answer"
_RETRY_AFTER_SECONDS: Final = "2"
_MIN_PLACES: Final = 4
_SHARE_OF_POOL: Final = 4


def places_of(pool_size: int) -> int:
    """Return the limit of requests of one account that read at once: a quarter of the pool."""
    return max(_MIN_PLACES, pool_size // _SHARE_OF_POOL)


class Places:
    """Limit of how many at once for each name, in this process. Later ones wait in order, not for long."""

    def __init__(self, most: int, wait_seconds: float | None = None) -> None:
        """`wait_seconds`: None is WAIT_SECONDS; 0 lets nobody wait."""
        self._most = most
        self._wait_seconds = wait_seconds
        self._used: dict[str, tuple[asyncio.Semaphore, int]] = {}  # name → its places, and who has or awaits one

    @asynccontextmanager
    async def one(self, name: str) -> AsyncIterator[None]:
        """Hold a place for the time of the block. Raises the 429 problem of who got none in time."""
        release = await self.take(name)
        try:
            yield
        finally:
            release()

    async def take(self, name: str) -> Callable[[], None]:
        """Take a place, and return what releases it, to be called once. Raises as `one`."""
        semaphore, users = self._used.get(name) or (asyncio.Semaphore(self._most), 0)
        self._used[name] = (semaphore, users + 1)
        try:
            await self._acquire(semaphore)
        except BaseException:
            self._leave(name)
            raise

        def release() -> None:
            semaphore.release()
            self._leave(name)

        return release

    def _leave(self, name: str) -> None:
        semaphore, users = self._used[name]
        if users == 1:
            del self._used[name]
        else:
            self._used[name] = (semaphore, users - 1)

    async def _acquire(self, semaphore: asyncio.Semaphore) -> None:
        seconds = WAIT_SECONDS if self._wait_seconds is None else self._wait_seconds
        if not semaphore.locked():
            await semaphore.acquire()  # at once: a timeout would cost more than many an answer
            return
        try:
            async with asyncio.timeout(seconds):
                await semaphore.acquire()
        except TimeoutError:
            raise too_many() from None


def too_many() -> ProblemError:
    """Return the 429 of who asks for more at once than there is for one account, or for callers without a good key."""
    reason = Reason(ReasonCode.TOO_MANY_REQUESTS, seconds=_RETRY_AFTER_SECONDS)
    return ProblemError(429, "too-many-requests", reason, headers={"Retry-After": _RETRY_AFTER_SECONDS})
