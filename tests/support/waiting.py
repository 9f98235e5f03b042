"""Waiting for a condition instead of for a time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_SECONDS = 60.0  # generous: the machines are shared; a passing test never waits it out


async def eventually(look: Callable[[], Awaitable[T]], seconds: float = DEADLINE_SECONDS) -> T:
    """The first true answer of `look`. AssertionError with the last answer when none comes within `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s; the last answer was {answer!r}")
        await asyncio.sleep(0.05)
