"""Turns of faults: some are done while others are, some are done alone, so that it is known what a recovery is of."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager


class Turns:
    """A lock that many share or one has alone. Who wants to be alone waits for no newcomer, but for brief ones."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._together = 0
        self._is_alone = False
        self._want_alone = 0

    @asynccontextmanager
    async def together(self, *, brief: bool = False) -> AsyncIterator[None]:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._is_alone and (brief or not self._want_alone))
            self._together += 1
        try:
            yield
        finally:
            async with self._changed:
                self._together -= 1
                self._changed.notify_all()

    @asynccontextmanager
    async def alone(self, after: Awaitable[None]) -> AsyncIterator[None]:
        """Be alone once `after` is over, while which only brief ones begin."""
        self._want_alone += 1
        try:
            await after
            async with self._changed:
                await self._changed.wait_for(lambda: not self._is_alone and not self._together)
                self._is_alone = True
        finally:
            self._want_alone -= 1
        try:
            yield
        finally:
            async with self._changed:
                self._is_alone = False
                self._changed.notify_all()
