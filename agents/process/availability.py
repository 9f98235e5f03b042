"""Waiting for a database or broker that is away, for as long as it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from agents.metrics import WAITING
from broker.backoff import pauses
from broker.errors import BrokerUnavailable
from storage.errors import StorageUnavailable

T = TypeVar("T")

UNAVAILABLE = (StorageUnavailable, BrokerUnavailable)
#: One line when the wait begins, then one in so many tries: half a minute apart at the last ceiling.
_LOG_EVERY = 12

log = structlog.get_logger(__name__)


async def until_available(what: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """Call `attempt` until PostgreSQL and Kafka are there for it; it must be safe to repeat.

    Every other error passes through. `what` names the work in the log.
    """
    try:
        return await attempt()
    except UNAVAILABLE as exc:
        log.warning("waiting", work=what, tries=1, reason=str(exc))
    # From the first failure to the success, tries included: each may hang for as long as its own timeout.
    with WAITING.labels(what).track_inprogress():
        for tries, pause in enumerate(pauses(), start=2):
            await asyncio.sleep(pause)
            try:
                result = await attempt()
            except UNAVAILABLE as exc:
                if tries % _LOG_EVERY == 0:
                    log.warning("waiting", work=what, tries=tries, reason=str(exc))
            else:
                log.info("waited", work=what, tries=tries)
                return result
    raise AssertionError("pauses() never ends")
