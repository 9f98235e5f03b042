"""Waits for a database or broker that is away, for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from agents.metrics import WAITING
from broker.backoff import pauses
from broker.errors import BrokerUnavailable
from broker.outage import Outages
from storage.errors import StorageUnavailable

T = TypeVar("T")

UNAVAILABLE = (StorageUnavailable, BrokerUnavailable)

_outages = Outages(structlog.get_logger(__name__))

#: Pauses now, and what is waited for in each.
_pausing: dict[asyncio.Future[None], type[Exception]] = {}


async def until_available(
    what: str, attempt: Callable[[], Awaitable[T]], *, but: tuple[type[Exception], ...] = ()
) -> T:
    """Call `attempt` until PostgreSQL and Kafka are there for it; it must be safe to repeat.

    Every other error passes through, and so do those of `but`, for a caller that knows better than to repeat.
    `what` names the work in the log and in the metric. Whoever gets through to a server ends the pause of all others
    of this event loop that wait for it: many wait, so that the first of them finds it back at once.
    """
    try:
        return await attempt()
    except but:
        raise
    except UNAVAILABLE as exc:
        _outages.failed(what, str(exc))
        server = _server(exc)
    # From the first failure to the success, tries included: each may hang for as long as its own timeout.
    with WAITING.labels(what).track_inprogress():
        for pause in pauses():
            await _pause(pause, server)
            try:
                result = await attempt()
            except but:
                _outages.worked(what)
                raise
            except UNAVAILABLE as exc:
                _outages.failed(what, str(exc))
                server = _server(exc)
            else:
                _outages.worked(what)
                _wake(server)
                return result
    raise AssertionError("pauses() never ends")


def _server(exc: Exception) -> type[Exception]:
    """Return which of UNAVAILABLE an error is: what it says of PostgreSQL says nothing of Kafka."""
    return next(each for each in UNAVAILABLE if isinstance(exc, each))


async def _pause(seconds: float, server: type[Exception]) -> None:
    """Wait until another has got through to `server`, `seconds` at most."""
    woken = asyncio.get_running_loop().create_future()
    _pausing[woken] = server
    try:
        await asyncio.wait([woken], timeout=seconds)
    finally:
        del _pausing[woken]


def _wake(server: type[Exception]) -> None:
    """End the pauses of this event loop (a consumer's thread has its own) of all that wait for `server`.

    Only success after failure calls it, so what keeps failing for a reason of its own is not tried in a tight loop.
    """
    loop = asyncio.get_running_loop()
    for woken, awaited in list(_pausing.items()):
        if awaited is server and woken.get_loop() is loop and not woken.done():
            woken.set_result(None)
