"""Runs a command in an event loop of its own, until it ends or is told to."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any


def run(
    command: Callable[[asyncio.Event], Coroutine[Any, Any, Any]],
    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> Any:
    """Run a command until it ends; Ctrl-C and SIGTERM set its event."""

    async def until_stopped() -> Any:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        return await command(stop)

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(until_stopped())
