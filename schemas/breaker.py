"""A circuit breaker for one type of one affiliate: while its answers say "not now" (schemas.busy), nothing is sent.

closed → open → half-open, with one retry at a time as a test → closed, or open again for twice as long. Pure: counts
and times in, the next state out.
"""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from schemas.timestamp import EPOCH

State = Literal["closed", "open", "half_open"]

#: Bad answers without a good one between them that open the breaker: when all are busy, few suffice.
BAD_IN_A_ROW = 5
#: Fewer answers than this prove nothing about a share.
MIN_ANSWERS = 20
#: Share of bad ones among the recent answers that opens the breaker.
BAD_SHARE = 0.5
#: Number of answers after which older ones count half: old answers must not outweigh those of now.
REMEMBERED = 200
FIRST_PAUSE_SECONDS = 30
LAST_PAUSE_SECONDS = 600
#: Time after its pause for which a breaker waits for a retry to be tried by. Then it closes: what was wrong long ago
#: holds nothing back, and answers tell soon enough if it is wrong still.
IDLE_SECONDS = 600
#: Time that the test retry gets before another one is sent: the worker that sent it may have died.
PROBE_SECONDS = 60
#: Test retries without an answer until it opens again. One proves little: there are items that a connector never
#: answers, and a topic may be lost.
SILENT_PROBES = 3


class Breaker(NamedTuple):
    """State of the breaker for one type of one affiliate of one account."""

    state: State = "closed"
    changed_at: datetime = EPOCH  # only answers to what was sent since then are counted; of the database's clock
    retry_at: datetime | None = None  # not closed: when one retry may be tried
    good: int = 0
    bad: int = 0  # half-open: test retries without an answer
    openings: int = 0  # in a row
    in_a_row: int = 0  # bad ones since the last good one

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

    def answered(self, good: int, busy: int, now: datetime, *, silent: int = 0) -> "Breaker":
        """Return the breaker after answers to retries sent since `changed_at`; `silent` retries expired without one.

        Those that are counted together are in no order: a good one among them ends the row of bad ones, be they busy
        or silent. When half-open, one that is busy opens it; after a silent one the next may be tried at once.
        """
        if self.state == "open" or good + busy + silent == 0:
            return self
        if self.state == "half_open":
            if not busy and good:
                return Breaker("closed", now)
            silent += self.bad
            return self._opened(now) if busy or silent >= SILENT_PROBES else self._replace(bad=silent, retry_at=now)
        bad = busy + silent
        in_a_row = 0 if good else self.in_a_row + bad
        good, bad = self.good + good, self.bad + bad
        if in_a_row >= BAD_IN_A_ROW or (good + bad >= MIN_ANSWERS and bad >= BAD_SHARE * (good + bad)):
            return self._opened(now)
        if good + bad > REMEMBERED:
            good, bad = good // 2, bad // 2
        return self._replace(good=good, bad=bad, in_a_row=in_a_row)

    def _opened(self, now: datetime) -> "Breaker":
        pause = min(FIRST_PAUSE_SECONDS * 2**self.openings, LAST_PAUSE_SECONDS)
        return Breaker("open", now, now + timedelta(seconds=pause), openings=min(self.openings + 1, 10))
