"""The loop of work that comes round again and again beside the consumer."""

import asyncio
from collections.abc import Awaitable, Callable

from agents.process.availability import until_available

#: Seconds between two looks at the database for what became due without anyone saying so.
POLL_SECONDS = 0.25


async def rounds(name: str, once: Callable[[], Awaitable[int]], *, full: int, pause_seconds: float) -> None:
    """Call `once` until cancelled, waiting for PostgreSQL and Kafka as long as it takes.

    `once` returns how much it did and must be safe to repeat; below `full`, the next call waits `pause_seconds`.
    `name` names the work in the log. Every other error of `once` passes through.
    """
    while True:
        if await until_available(name, once) < full:
            await asyncio.sleep(pause_seconds)
