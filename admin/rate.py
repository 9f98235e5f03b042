"""Rate limits by name: commands of an account, wrong keys from an address."""

import time
from collections.abc import Callable

COMMANDS_PER_SECOND = 20.0
COMMAND_BURST = 60.0
#: Rate of wrong keys: after ten in a row an address has one more try every ten seconds.
WRONG_KEYS_PER_SECOND = 0.1
WRONG_KEY_BURST = 10.0
_MOST_BUCKETS = 100_000


class Rate:
    """A token bucket for each name, in this process only: N processes allow N times as much."""

    def __init__(self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # name → tokens left, when

    def take(self, name: str) -> float:
        """Take one. Returns 0, or the seconds after which there will be one again."""
        tokens = self._tokens(name)
        taken = tokens >= 1
        if name not in self._buckets and len(self._buckets) >= _MOST_BUCKETS:
            self._buckets.clear()
        self._buckets[name] = (tokens - taken, self._clock())
        return 0.0 if taken else (1 - tokens) / self._per_second

    def give_back(self, name: str) -> None:
        """Undo one `take`."""
        self._buckets[name] = (min(self._burst, self._tokens(name) + 1), self._clock())

    def _tokens(self, name: str) -> float:
        now = self._clock()
        tokens, since = self._buckets.get(name, (self._burst, now))
        return min(self._burst, tokens + (now - since) * self._per_second)
