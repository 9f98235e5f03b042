"""The answer to an unforeseen error: the process ends at once.

Raising would not do. Faust acknowledges the record on which an agent raised, restarts the agent on a stream that
still reads, and goes on looking healthy. Ending without any clean-up leaves the committed offsets at the watermark,
and the supervisor starts the process again.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog

EXIT_CODE = 70  # EX_SOFTWARE of sysexits.h

log = structlog.get_logger(__name__)


def die(what: str, exc: BaseException | None = None) -> None:
    """End the process now. Never returns in production; a test may replace it."""
    log.critical("crashed", work=what, exc_info=exc)
    os._exit(EXIT_CODE)


@contextmanager
def deadline(what: str, seconds: float) -> Iterator[None]:
    """End the process if the block takes longer, whatever it is doing.

    A thread watches the time: the block may swallow a cancellation (Faust does, when Kafka goes away in the same
    moment), or hold the event loop.
    """
    timer = threading.Timer(seconds, lambda: die(f"{what} took longer than {seconds:g} s"))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


async def guarded(what: str, work: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Run `work`, which should never end by itself. End the process when it does, unless it is stopping anyway."""
    try:
        await work()
    except asyncio.CancelledError as exc:
        if not stopping.is_set():
            die(what, exc)
        raise
    except BaseException as exc:
        die(what, exc)
    if not stopping.is_set():
        die(what)
