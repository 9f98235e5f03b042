"""Keeps one account's readers from taking what others need: each account has places of its own."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from starlette.types import Scope

from api.demand import Demands
from api.problems import ProblemError
from schemas.reasons.code import ReasonCode
from schemas.reasons.reason import Reason
from storage.slices import rest_for

#: Time limit of a wait for a place; after it the answer is 429.
WAIT_SECONDS: Final = 2.0
#: Limit of live streams of one account. Each wakes up every few seconds.
MAX_STREAMS: Final = 100
#: Key of an ASGI scope: the functions that `release_places` calls.
AFTER_ANSWER: Final = "conexoes.after_answer"
#: Longest rest of a flood after a request. One that waited for a lock took nobody's time meanwhile.
MAX_REST_SECONDS: Final = 0.5
_RETRY_AFTER_SECONDS: Final = "2"
_MIN_PLACES: Final = 4
_SHARE_OF_POOL: Final = 4


def places_of(pool_size: int) -> int:
    """Return the limit of requests of one account that read at once: a quarter of the pool."""
    return max(_MIN_PLACES, pool_size // _SHARE_OF_POOL)


@dataclass(slots=True)
class _Used:
    """Places that one name has, and who waits for one of them."""

    held: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)


class Places:
    """Limit of how many at once for each name, in this process. Later ones wait in order, not for long."""

    def __init__(self, most: int, wait_seconds: float | None = None) -> None:
        """`wait_seconds`: None is WAIT_SECONDS; 0 lets nobody wait."""
        self._most = most
        self._wait_seconds = wait_seconds
        self._used: dict[str, _Used] = {}

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
        used = self._used.setdefault(name, _Used())
        if not used.waiting and used.held < self._limit(name):
            used.held += 1
        else:
            await self._wait(name, used)
        return partial(self._release, name, used)

    def _limit(self, name: str) -> int:  # noqa: ARG002 - for those that know more
        """Return how many places a name has now."""
        return self._most

    async def _wait(self, name: str, used: _Used) -> None:
        turn = asyncio.get_running_loop().create_future()
        used.waiting.append(turn)
        try:
            async with asyncio.timeout(WAIT_SECONDS if self._wait_seconds is None else self._wait_seconds):
                await turn
        except BaseException as exc:
            self._leave(name, used, turn)
            if isinstance(exc, TimeoutError):
                raise too_many() from None
            raise

    def _leave(self, name: str, used: _Used, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():  # it was given the place in the moment in which it left
            self._release(name, used)
        else:
            if turn in used.waiting:
                used.waiting.remove(turn)
            self._forget(name, used)

    def _release(self, name: str, used: _Used) -> None:
        used.held -= 1
        while used.waiting and used.held < self._limit(name):
            turn = used.waiting.popleft()
            if not turn.done():  # else it is about to leave
                used.held += 1
                turn.set_result(None)
        self._forget(name, used)

    def _forget(self, name: str, used: _Used) -> None:
        if not used.held and not used.waiting:
            self._used.pop(name, None)


class SharedPlaces(Places):
    """Places of accounts that read: who asks too much has one place, while somebody is there who asks for little.

    What one request takes of the event loop and of PostgreSQL's processors delays every other one, whatever the number
    of connections. So it goes on, one request after the other, and another account waits for one of them at most. Those
    of a flood begin as long after the last one as that took: half of the time there is none.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._demands = Demands()

    async def take(self, name: str) -> Callable[[], None]:
        """Take a place of an account, as Places does. Long work of this task rests while other accounts ask."""
        rest_for(partial(self._demands.are_others, name))
        self._demands.add(name, 1)
        try:
            release = await super().take(name)
        except BaseException:
            self._demands.add(name, -1)
            raise

        began = time.monotonic()

        def end() -> None:
            self._demands.add(name, -1)
            if self._demands.floods(name):
                rest = min(time.monotonic() - began, MAX_REST_SECONDS)
                asyncio.get_running_loop().call_later(rest, release)
            else:
                release()

        return end

    def _limit(self, name: str) -> int:
        return 1 if self._demands.asks_too_much(name) else super()._limit(name)


async def hold_place(scope: Scope, places: Places, name: str) -> None:
    """Take one of the places of a name for a request, until `release_places`. Raises as Places.one."""
    scope[AFTER_ANSWER].append(await places.take(name))


def release_places(scope: Scope) -> None:
    """Release the places of a request: once its answer is sent, or before, when the rest has a limit of its own."""
    releases: list[Callable[[], None]] = scope[AFTER_ANSWER]
    while releases:
        releases.pop()()


def too_many() -> ProblemError:
    """Return the 429 of who asks for more at once than there is for one account, or for callers without a good key."""
    reason = Reason(ReasonCode.TOO_MANY_REQUESTS, seconds=_RETRY_AFTER_SECONDS)
    return ProblemError(429, "too-many-requests", reason, headers={"Retry-After": _RETRY_AFTER_SECONDS})
