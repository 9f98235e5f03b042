"""Names of the newest logs, by which a search is judged. They are read every few seconds, not for each search."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from storage.database import Connection, Database
from storage.statements import SQL

#: Logs by which a search is judged.
SAMPLE: Final = 100
#: Logs of the sample that make a gram frequent. Rarer ones of the same search are enough to find it, since what they
#: find is compared as text. Reading the entries of a gram that 200,000 logs have took 3 ms.
FREQUENT: Final = 3
#: Characters of a log's names that are looked at. A log may have a new name with each result.
CHARACTERS: Final = 300
#: Time for which a sample is remembered, in seconds. By an old one a search may leave out what is newer.
FRESH_SECONDS: Final = 10.0
#: Limit of the accounts that are remembered: each may take half a megabyte.
MAX_REMEMBERED: Final = 20


class NewestNames(NamedTuple):
    """Names of the newest logs of one type."""

    names: Sequence[str]  # of each log, as they are kept
    frequent: frozenset[int]  # grams

    def logs_with(self, part: str) -> int:
        """Return how many of these logs have a name that contains a folded text."""
        return sum(part in each for each in self.names)


ByType = Mapping[str, NewestNames]


async def read_names(connection: Connection, account: str, types: Iterable[str]) -> ByType:
    """Return the names of the newest logs of each type as they are now."""
    rows = await SQL["newest_names"].fetch(
        connection, account=account, types=list(types), most_read=SAMPLE, frequent=FREQUENT, characters=CHARACTERS
    )
    return {row["type"]: NewestNames(row["names"], frozenset(row["frequent"])) for row in rows}


class RememberedNames:
    """Names of the newest logs as they were read lately, by account."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._read: OrderedDict[str, tuple[float, ByType]] = OrderedDict()  # the oldest first

    def get(self, account: str) -> ByType | None:
        """Return the names of an account; None where none were read lately."""
        self._forget()
        found = self._read.get(account)
        return None if found is None else found[1]

    def put(self, account: str, names: ByType) -> None:
        """Remember names that were read now."""
        self._read.pop(account, None)
        self._read[account] = (self._clock(), names)
        self._forget()

    def _forget(self) -> None:
        """Forget what is old, and the oldest of too many: also a name that is erased meanwhile is soon forgotten."""
        old = self._clock() - FRESH_SECONDS
        while self._read and (len(self._read) > MAX_REMEMBERED or next(iter(self._read.values()))[0] <= old):
            self._read.popitem(last=False)


_OF: WeakKeyDictionary[Database, RememberedNames] = WeakKeyDictionary()


def remembered_names(database: Database) -> RememberedNames:
    """Return what is remembered of a database, for as long as that object lives."""
    return _OF.setdefault(database, RememberedNames())
