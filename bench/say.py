"""Progress messages on the terminal."""

import sys
import time


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


class Progress:
    """Prints progress, every few seconds at most."""

    EVERY_SECONDS = 5.0

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._started = self._said = time.monotonic()

    def at(self, done: int) -> None:
        now = time.monotonic()
        if now - self._said < self.EVERY_SECONDS or not done:
            return
        self._said = now
        rate = done / (now - self._started)
        left = (self._total - done) / rate
        say(f"{self._what}: {done:,} of {self._total:,} ({done / self._total:.0%}), {rate:,.0f}/s, {left:,.0f} s left")
