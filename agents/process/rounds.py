"""The loop of periodic work beside the consumer."""

import asyncio
from collections.abc import Awaitable, Callable

from agents.process.statement_size import StatementSize

#: Seconds between two polls of the database for work that became due without a message.
POLL_SECONDS = 0.25


async def rounds(name: str, once: Callable[[int], Awaitable[int]], *, full: int, pause_seconds: float) -> None:
    """Call `once` until cancelled, waiting for PostgreSQL and Kafka as long as it takes.

    `once` gets the most that it may do, returns how much it did, and must be safe to repeat. The most is `full`, or
    less while statements of that size time out. When less was done, the next call waits `pause_seconds`.
    `name` names the work in the log. Every other error of `once` passes through.
    """
    size = StatementSize(full)
    while True:
        at_most = size.rows
        if await size.run(name, once) < at_most:
            await asyncio.sleep(pause_seconds)
