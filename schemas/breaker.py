"""A breaker: an affiliate whose answers say "not now" is left alone for a while, then tried with one retry.

closed → open → half-open → closed, or open again for twice as long. Pure: counts and times in, the next state out.
"""

import re
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from schemas.timestamp import EPOCH

State = Literal["closed", "open", "half_open"]

#: Fewer answers than this prove nothing.
MIN_ANSWERS = 20
#: Of the recent answers, to open.
BAD_SHARE = 0.5
#: From so many answers on, older ones count half: what was long ago must not outweigh what is now.
REMEMBERED = 200
FIRST_PAUSE_SECONDS = 30
LAST_PAUSE_SECONDS = 600
#: How long a retry that was tried may take before another is: the worker that sent it may have died.
PROBE_SECONDS = 60

_BUSY = re.compile(
    r"(?<!\d)(429|50[0-9]|52[0-9])(?!\d)|rate.?limit|too.?many.?requests|throttl|time.?out|unavailable|overload",
    re.IGNORECASE,
)


def is_busy(code: str | None) -> bool:
    """Whether an error code says that the other side can't right now: HTTP 429 or 5xx, a timeout."""
    return code is not None and _BUSY.search(code) is not None


class Breaker(NamedTuple):
    """One affiliate of one account."""

    state: State = "closed"
    changed_at: datetime = EPOCH  # only answers to what was sent since then are counted; of the database's clock
    retry_at: datetime | None = None  # not closed: when one retry may be tried
    good: int = 0
    bad: int = 0
    openings: int = 0  # in a row

    def room(self, now: datetime) -> int | None:
        """How many retries may be sent now; None is any number."""
        if self.state == "closed":
            return None
        return 1 if self.retry_at is not None and now >= self.retry_at else 0

    def tried(self, now: datetime) -> "Breaker":
        """After the one retry that `room` allowed was taken.

        The answer of every retry since it became half-open counts, however many were tried before it came.
        """
        since = self.changed_at if self.state == "half_open" else now
        return self._replace(state="half_open", changed_at=since, retry_at=now + timedelta(seconds=PROBE_SECONDS))

    def answered(self, good: int, bad: int, now: datetime) -> "Breaker":
        """After answers (silence is a bad one) to what was sent since `changed_at`."""
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
