"""Rate limit of an account's commands."""

import time
from collections.abc import Callable

COMMANDS_PER_SECOND = 20.0
BURST = 60.0


class Rate:
    """A token bucket for each account, in this process only: N processes allow N times as much."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # account → tokens left, when

    def take(self, account: str) -> float:
        """Take a token. Returns 0, or the seconds until there is one again."""
        now = self._clock()
        tokens, since = self._buckets.get(account, (BURST, now))
        tokens = min(BURST, tokens + (now - since) * COMMANDS_PER_SECOND)
        if tokens < 1:
            self._buckets[account] = (tokens, now)
            return (1 - tokens) / COMMANDS_PER_SECOND
        self._buckets[account] = (tokens - 1, now)
        return 0.0
