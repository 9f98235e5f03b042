"""Tries of a message: when it is tried again, and when it is given up."""

from datetime import timedelta
from typing import Final

#: Pauses after the first tries; the last one is that of each try after them. A channel is left alone as long after as
#: many failures in a row: were a message's pause longer than its channel's, those behind it would be sent before it.
PAUSES: Final = (10, 30, 60, 120, 300, 600)
#: A message whose next try would be later than so long after it was due is given up, and the log says so. PostgreSQL
#: tells, by whose clock it was due.
GIVE_UP: Final = timedelta(hours=24)


def pause_after(tries: int) -> timedelta:
    """Return the pause after so many tries that failed, 1 or more."""
    return timedelta(seconds=PAUSES[min(tries, len(PAUSES)) - 1])
