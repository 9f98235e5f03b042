"""The interval in which a share lies, by the number of cases that it was counted in."""

import math
from typing import Final, NamedTuple

#: Quantile of the normal distribution: an interval of 90 %, with 5 % on either side.
Z_90: Final = 1.6448536269514722


class Interval(NamedTuple):
    """Limits of a share, from 0 to 1."""

    low: float
    high: float


def wilson(hits: int, cases: int, z: float = Z_90) -> Interval | None:
    """Return the Wilson score interval of `hits` among `cases`; None without cases.

    Unlike the simple one it holds for few cases, and for shares near 0 and 1. `hits` is from 0 to `cases`.
    """
    if not cases:
        return None
    share, spread = hits / cases, z * z / cases
    middle = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / cases + spread / (4 * cases))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return Interval(0.0 if hits == 0 else max(low, 0.0), 1.0 if hits == cases else min(high, 1.0))
