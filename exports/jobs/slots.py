"""Slots: limits of exports or uploads at once, of one account and in all, for this process only."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

from exports.errors import TooManyExports
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason


class Limit(NamedTuple):
    """Most that there may be at once, and the reason of what is refused above it."""

    most: int
    refused: ReasonCode

    def has_room(self, count: int) -> bool:
        """Return True where there may be one more than `count`."""
        return count < self.most

    def check(self, count: int) -> None:
        """Raise TooManyExports unless there may be one more than `count`."""
        if not self.has_room(count):
            raise TooManyExports(Reason(self.refused, count=count, limit=self.most))


class Slots:
    """Counter of running exports."""

    def __init__(self, per_account: Limit, in_all: Limit) -> None:
        self._per_account = per_account
        self._in_all = in_all
        self._taken: Counter[str] = Counter()
        self._waiting: deque[tuple[str, asyncio.Future[None]]] = deque()

    @property
    def running(self) -> int:
        """Number of slots that are taken, in all."""
        return self._taken.total()

    def take(self, account: str) -> None:
        """Take a slot. Raises TooManyExports."""
        self._per_account.check(self._taken[account])
        self._in_all.check(self._taken.total())
        self._taken[account] += 1

    def give_back(self, account: str) -> None:
        """Give a slot back."""
        self._taken[account] -= 1
        if not self._taken[account]:
            del self._taken[account]
        self._call_next()

    @asynccontextmanager
    async def one(self, account: str, *, wait_seconds: float = 0) -> AsyncIterator[None]:
        """Hold a slot for the time of the block. Raises TooManyExports when there was none for `wait_seconds`.

        Who asks again at once when refused is answered no sooner than that: refusals alone took a processor.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_seconds):
                await self._wait(account)
        self.take(account)
        try:
            yield
        finally:
            self.give_back(account)

    async def _wait(self, account: str) -> None:
        """Return once there is a slot."""
        while not self._is_free(account):
            waiting = (account, asyncio.get_running_loop().create_future())
            self._waiting.append(waiting)
            try:
                await waiting[1]
            except asyncio.CancelledError:
                self._call_next()  # it may have been called, and takes nothing
                raise
            finally:
                self._waiting.remove(waiting)

    def _call_next(self) -> None:
        """Call the first of those who wait that may have a slot."""
        for account, called in self._waiting:
            if not called.done() and self._is_free(account):
                called.set_result(None)
                return

    def _is_free(self, account: str) -> bool:
        return self._per_account.has_room(self._taken[account]) and self._in_all.has_room(self._taken.total())
