"""Rate limits by name: commands of an account, events of a key, wrong keys from an address."""

import time
from collections.abc import Callable
from math import ceil

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

    def take(self, name: str, count: int = 1, *, before: int = 0) -> float:
        """Take `count`, or none. Returns 0, or the seconds after which there will be so many, unless somebody else
        takes them, and as many as were taken for the same `before`: who tries again takes those again. More than
        `burst` are never there.
        """
        tokens = self._tokens(name)
        taken = tokens >= count
        if name not in self._buckets and len(self._buckets) >= _MOST_BUCKETS:
            self._buckets.clear()
        self._buckets[name] = (tokens - count * taken, self._clock())
        return 0.0 if taken else (before + count - tokens) / self._per_second

    def headers(self, name: str, unit: str) -> dict[str, str]:
        """Return what a caller may still do, as draft-ietf-httpapi-ratelimit-headers has it: `r` of `unit` at once,
        and all `q` of them again after `t` seconds.
        """
        left = self._tokens(name)
        return {
            "RateLimit-Policy": f'"{unit}";q={self._burst:.0f};w={max(1, ceil(self._burst / self._per_second))}',
            "RateLimit": f'"{unit}";r={int(left)};t={ceil((self._burst - left) / self._per_second)}',
        }

    def give_back(self, name: str) -> None:
        """Undo one `take`."""
        self._buckets[name] = (min(self._burst, self._tokens(name) + 1), self._clock())

    def _tokens(self, name: str) -> float:
        now = self._clock()
        tokens, since = self._buckets.get(name, (self._burst, now))
        return min(self._burst, tokens + (now - since) * self._per_second)
