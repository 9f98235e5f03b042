"""Waiting for a database or broker that is away, for as long as it takes."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import structlog

from agents.metrics import WAITING
from broker.errors import BrokerUnavailable
from storage.errors import StorageUnavailable

T = TypeVar("T")

UNAVAILABLE = (StorageUnavailable, BrokerUnavailable)
FIRST_CEILING_SECONDS = 0.05
LAST_CEILING_SECONDS = 5.0
#: One line when the wait begins, then one in so many tries: half a minute apart at the last ceiling.
_LOG_EVERY = 12

log = structlog.get_logger(__name__)


def pauses(uniform: Callable[[float, float], float] = random.uniform) -> Iterator[float]:
    """Seconds before each further try: random between 0 and a ceiling of 0.05, 0.1, 0.2 … s, 5 s from the eighth on.

    Random, so that many workers do not come back at the same instant.
    """
    ceiling = FIRST_CEILING_SECONDS
    while True:
        yield uniform(0, ceiling)
        ceiling = min(ceiling * 2, LAST_CEILING_SECONDS)


async def patiently(what: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """Call `attempt` until PostgreSQL and Kafka are there for it; it must be safe to repeat.

    Every other error passes through. `what` names the work in the log.
    """
    for tries, pause in enumerate(pauses()):
        try:
            result = await attempt()
        except UNAVAILABLE as exc:
            if tries % _LOG_EVERY == 0:
                log.warning("waiting", work=what, tries=tries + 1, reason=str(exc))
            with WAITING.labels(what).track_inprogress():
                await asyncio.sleep(pause)
        else:
            if tries:
                log.info("waited", work=what, tries=tries)
            return result
    raise AssertionError("pauses() never ends")
