"""Kafka loses its disk after all that it had was stored, and comes again empty: another cluster, other topic ids.

Its offsets and its dead letters are not taken for those of the old one.
"""

import random

from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, load: Load, _draw: random.Random) -> None:
    async with load.paused() as quiet:
        if not quiet:
            load.complaints.append("not all that was sent was stored within three minutes, with nothing hurt")
            return
        await system.kafka.kill()
        system.kafka.forget()
        load.ledger.ends.clear()
        await system.start_kafka()
