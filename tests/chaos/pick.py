"""Chooses whom a fault hits."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.chaos.slot import Slot
from tests.chaos.system import System

_READY_SECONDS = 5.0


@asynccontextmanager
async def ready_worker(system: System, draw: random.Random) -> AsyncIterator[tuple[int, Slot]]:
    """A worker that no other fault is at, with its number: one that has its partitions, or any after five seconds."""
    order = draw.sample(range(len(system.workers)), len(system.workers))
    patience = time.monotonic() + _READY_SECONDS
    while True:
        for number in order:
            slot = system.workers[number]
            if not slot.lock.locked() and (slot.ready or time.monotonic() > patience):
                async with slot.lock:
                    yield number, slot
                return
        await asyncio.sleep(0.05)
