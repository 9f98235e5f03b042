"""A circuit breaker: an affiliate whose answers say "not now" gets no retries for a while, then one as a test.

closed → open → half-open → closed, or open again for twice as long. Pure: counts and times in, the next state out.
"""

import re
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from schemas.timestamp import EPOCH

State = Literal["closed", "open", "half_open"]

#: Fewer answers than this prove nothing.
MIN_ANSWERS = 20
#: Share of bad ones among the recent answers that opens the breaker.
BAD_SHARE = 0.5
#: Number of answers after which older ones count half: old answers must not outweigh those of now.
REMEMBERED = 200
FIRST_PAUSE_SECONDS = 30
LAST_PAUSE_SECONDS = 600
#: Time that the test retry gets before another one is sent: the worker that sent it may have died.
PROBE_SECONDS = 60

_BUSY = re.compile(
    r"(?<!\d)(429|50[0-9]|52[0-9])(?!\d)|rate.?limit|too.?many.?requests|throttl|time.?out|unavailable|overload",
    re.IGNORECASE,
)


def is_busy(code: str | None) -> bool:
    """Return True for an error code that says that the other side can't answer now: HTTP 429 or 5xx, a timeout."""
    return code is not None and _BUSY.search(code) is not None


class Breaker(NamedTuple):
    """State of the breaker for one affiliate of one account."""

    state: State = "closed"
    changed_at: datetime = EPOCH  # only answers to what was sent since then are counted; of the database's clock
    retry_at: datetime | None = None  # not closed: when one retry may be tried
    good: int = 0
    bad: int = 0
    openings: int = 0  # in a row

    def room(self, now: datetime) -> int | None:
        """Return the number of retries that may be sent now; None is any number."""
        if self.state == "closed":
            return None
        return 1 if self.retry_at is not None and now >= self.retry_at else 0

    def tried(self, now: datetime) -> "Breaker":
        """Return the breaker after the one retry that `room` allowed was taken.

        The answer of every retry since it became half-open counts, however many were tried before it came.
        """
        since = self.changed_at if self.state == "half_open" else now
        return self._replace(state="half_open", changed_at=since, retry_at=now + timedelta(seconds=PROBE_SECONDS))

    def answered(self, good: int, bad: int, now: datetime) -> "Breaker":
        """Return the breaker after answers to retries sent since `changed_at`. An expired retry is a bad answer."""
        if self.state == "open" or good + bad == 0:
            return self
        if self.state == "half_open":
            return self._opened(now) if bad else Breaker("closed", now)
        good, bad = self.good + good, self.bad + bad
        if good + bad >= MIN_ANSWERS and bad >= BAD_SHARE * (good + bad):
            return self._opened(now)
        if good + bad > REMEMBERED:
            good, bad = good // 2, bad // 2
        return self._replace(good=good, bad=bad)

    def _opened(self, now: datetime) -> "Breaker":
        pause = min(FIRST_PAUSE_SECONDS * 2**self.openings, LAST_PAUSE_SECONDS)
        return Breaker("open", now, now + timedelta(seconds=pause), openings=min(self.openings + 1, 10))
