"""Logs an outage when it begins, once a minute while it lasts, and when it ends: never a line for each try."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

#: Between two lines about the same work, at least: a full disk must not follow an outage.
EVERY_SECONDS = 60.0


@dataclass
class _Outage:
    began: float
    failures: int = 0
    said: bool = False  # that it began


class Outages:
    """The outages of one part of a process. Any number of tasks may report the same work."""

    def __init__(self, log: Any, clock: Callable[[], float] = time.monotonic) -> None:
        """`log` is a structlog logger; `clock` gives seconds."""
        self._log = log
        self._clock = clock
        self._open: dict[str, _Outage] = {}
        self._said_at: dict[str, float] = {}

    def failed(self, work: str, reason: str) -> None:
        """Count one try of `work` that failed; say so where nothing was said of it for a minute."""
        now = self._clock()
        outage = self._open.setdefault(work, _Outage(now))
        outage.failures += 1
        if now - self._said_at.get(work, -EVERY_SECONDS) >= EVERY_SECONDS:
            self._said_at[work] = now
            outage.said = True
            seconds = round(now - outage.began)
            self._log.warning("waiting", work=work, reason=reason, failures=outage.failures, seconds=seconds)

    def worked(self, work: str) -> None:
        """A try succeeded: end the outage of `work`, if there was one, and say so if its beginning was said."""
        outage = self._open.pop(work, None)
        if outage is not None and outage.said:
            seconds = round(self._clock() - outage.began)
            self._log.info("waited", work=work, failures=outage.failures, seconds=seconds)
