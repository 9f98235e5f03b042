"""The process of the pages and commands is killed with SIGKILL while it answers, and started again.

A command that was answered with 202 is recorded; the same Idempotency-Key never asks for another.
"""

import random

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    slot = system.web["admin"]
    async with slot.lock:
        await slot.restart()
