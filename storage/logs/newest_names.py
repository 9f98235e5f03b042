"""Names of the newest logs, by which a search is judged. They are read every few seconds, not for each search."""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from storage.database import Connection, Database
from storage.statements import SQL

#: Logs by which a search is judged.
SAMPLE: Final = 100
#: Logs of the sample that make a gram frequent. Rarer ones of the same search are enough to find it, since what they
#: find is compared as text. Reading the entries of a gram that 200,000 logs have took 3 ms.
FREQUENT: Final = 3
#: Time for which a sample is good, in seconds. By an old one a search is slower, and never finds less.
FRESH_SECONDS: Final = 10.0
#: Limit of the types of accounts that are remembered: each takes up to 50 kB.
MAX_REMEMBERED: Final = 100


class NewestNames(NamedTuple):
    """Names of the newest logs of one type."""

    names: Sequence[str]  # of each log, as they are kept
    frequent: frozenset[int]  # grams

    def logs_with(self, part: str) -> int:
        """Return how many of these logs have a name that contains a folded text."""
        return sum(part in each for each in self.names)


_UNKNOWN: Final = (-math.inf, NewestNames((), frozenset()))


class RememberedNames:
    """Names of the newest logs as they were read lately, by account and type."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._read: OrderedDict[tuple[str, str], tuple[float, NewestNames]] = OrderedDict()

    async def of(self, connection: Connection, account: str, types: Sequence[str]) -> dict[str, NewestNames]:
        """Return the names of each type, read by `connection` where they are not known or old."""
        now = self._clock()
        known = {each: self._read.get((account, each), _UNKNOWN) for each in types}
        old = [each for each, (read_at, _) in known.items() if now - read_at >= FRESH_SECONDS]
        if old:
            rows = await SQL["newest_names"].fetch(connection, account=account, types=old, most_read=SAMPLE)
            for name in old:
                own = [row for row in rows if row["type"] == name]
                counted = Counter(gram for row in own for gram in set(row["grams"]))
                frequent = frozenset(gram for gram, logs in counted.items() if logs >= FREQUENT)
                known[name] = (now, NewestNames([row["names"] for row in own], frequent))
                self._read[account, name] = known[name]
                self._read.move_to_end((account, name))
            while len(self._read) > MAX_REMEMBERED:
                self._read.popitem(last=False)
        return {each: newest for each, (_, newest) in known.items()}


_OF: WeakKeyDictionary[Database, RememberedNames] = WeakKeyDictionary()


def remembered_names(database: Database) -> RememberedNames:
    """Return what is remembered of a database, for as long as that object lives."""
    return _OF.setdefault(database, RememberedNames())
