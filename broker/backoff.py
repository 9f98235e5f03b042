"""Exponential backoff with full jitter."""

import random
from collections.abc import Callable, Iterator

FIRST_CEILING_SECONDS = 0.05
LAST_CEILING_SECONDS = 5.0


def pauses(uniform: Callable[[float, float], float] = random.uniform) -> Iterator[float]:
    """Yield pauses in seconds, without end.

    Each is random between 0 and a ceiling of 0.05, 0.1, 0.2 … s, 5 s from the eighth on.

    The jitter keeps many processes from retrying at the same instant.
    """
    ceiling = FIRST_CEILING_SECONDS
    while True:
        yield uniform(0, ceiling)
        ceiling = min(ceiling * 2, LAST_CEILING_SECONDS)
