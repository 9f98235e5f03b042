"""Record batches that are immense when they are decompressed (gzip, zstd, lz4, snappy, one inside another) come among
good ones.

Each is one dead letter; its neighbours are stored, and no worker takes the memory for it.
"""

import random

from tests.chaos.bombs import BOMBS, throw
from tests.chaos.load.load import Load
from tests.chaos.system import System


async def do(system: System, load: Load, draw: random.Random) -> None:
    for name in draw.sample(BOMBS, 2):
        await throw(system, load, name, draw)
