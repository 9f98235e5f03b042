"""Kafka accepts connections and answers nothing (SIGSTOP) for up to twelve seconds.

Everything goes on within 30 seconds; a command that could not be taken is answered with 503, and is not done later.
"""

import asyncio
import os
import random
import signal

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    os.kill(system.kafka.pid, signal.SIGSTOP)
    await asyncio.sleep(draw.uniform(3, 12))
    os.kill(system.kafka.pid, signal.SIGCONT)
