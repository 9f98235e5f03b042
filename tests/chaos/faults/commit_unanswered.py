"""The answers of PostgreSQL are lost for a second, those to COMMIT among them; then every connection is cut.

What was committed unheard is recognised when it is stored again.
"""

import asyncio
import random

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, _load: Load, draw: random.Random) -> None:
    for each in system.machines:
        each.postgres.mode = "mute"
    await asyncio.sleep(draw.uniform(0.2, 1.5))
    for each in system.machines:
        each.postgres.cut()
        each.postgres.mode = "pass"
