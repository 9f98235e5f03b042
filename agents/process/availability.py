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


async def until_available(
    what: str, attempt: Callable[[], Awaitable[T]], *, but: tuple[type[Exception], ...] = ()
) -> T:
    """Call `attempt` until PostgreSQL and Kafka are there for it; it must be safe to repeat.

    Every other error passes through, and so do those of `but`, for a caller that knows better than to repeat.
    `what` names the work in the log and in the metric.
    """
    try:
        return await attempt()
    except but:
        raise
    except UNAVAILABLE as exc:
        _outages.failed(what, str(exc))
    # From the first failure to the success, tries included: each may hang for as long as its own timeout.
    with WAITING.labels(what).track_inprogress():
        for pause in pauses():
            await asyncio.sleep(pause)
            try:
                result = await attempt()
            except but:
                _outages.worked(what)
                raise
            except UNAVAILABLE as exc:
                _outages.failed(what, str(exc))
            else:
                _outages.worked(what)
                return result
    raise AssertionError("pauses() never ends")
