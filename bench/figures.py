"""Medians and percentiles of measurements. Pure."""

import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """Several measurements of one thing."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError when there is none."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[float], others: Sequence[float]) -> Spread:
    """Divide our figures by theirs, round by round: what slowed a round down slowed both."""
    return spread([one / other for one, other in zip(ours, others, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` (0 < share ≤ 1) of them don't exceed (nearest rank).

    Raises ValueError when there is none.
    """
    if not values or not 0 < share <= 1:
        raise ValueError(f"no percentile {share} of {len(values)} values")
    return sorted(values)[math.ceil(share * len(values)) - 1]


def crossing(samples: Sequence[tuple[float, float]], level: float) -> float:
    """Return the time at which the amount reached `level`, interpolated between samples of (time, amount).

    Raises ValueError when it never did.
    """
    before: tuple[float, float] | None = None
    for at, amount in samples:
        if amount >= level:
            if before is None or amount == before[1]:
                return at
            return before[0] + (at - before[0]) * (level - before[1]) / (amount - before[1])
        before = at, amount
    raise ValueError(f"{level:g} was never reached")
