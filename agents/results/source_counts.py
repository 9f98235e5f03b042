"""Counts of stored results by source, beside the fold: in memory, and written now and then.

They say who spoke when, and not how many results there are: a process that is killed loses up to WRITTEN_SECONDS of
them, and what is delivered or written again counts again. Counted in the fold's own transaction, they would cost each
batch as many rows more as there are sources in it (docs/decisions/0052-sources-are-counted-beside-the-fold.md).
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Final, NamedTuple

import structlog

from agents.process.rounds import rounds
from schemas.result import Result
from schemas.signal import COUNTED_WITHIN
from schemas.source_day import Place, place_of
from schemas.timestamp import NANOSECONDS
from storage.database import Database
from storage.errors import RowRefused, StorageError
from storage.incidents.sources import SourceCount, SourceName, count_sources

#: Seconds between two writings: one that fails, and the next, are still within the time by which counts may be late.
WRITTEN_SECONDS: Final = COUNTED_WITHIN.total_seconds() / 3
#: Sources of a type of an affiliate that one process tells apart in a day: a producer may make one up for each event.
MAX_SOURCES: Final = 20
#: Counts that wait to be written. What comes beyond them counts as of too many sources, which is one more for each type
#: and affiliate.
MAX_COUNTS: Final = 10_000
#: Characters of a source by which it is told apart: an index takes no more than 2,704 bytes.
SOURCE_CHARACTERS: Final = 255
#: The name of sources that are too many.
_TOO_MANY: Final = ""
#: Seconds that an orderly end waits for the last writing.
_END_SECONDS: Final = 5.0

_speaker = itemgetter(*map(Result._fields.index, ("account", "affiliate", "source")))

log = structlog.get_logger(__name__)


class _Spoken(NamedTuple):
    """Results of one source in one step."""

    results: int
    first_at: datetime
    last_at: datetime

    def and_also(self, other: "_Spoken") -> "_Spoken":
        return _Spoken(
            self.results + other.results, min(self.first_at, other.first_at), max(self.last_at, other.last_at)
        )


_Counts = dict[tuple[Place, SourceName], _Spoken]


class SourceCounts:
    """The counts of one process."""

    def __init__(self, database: Database, *, most: int = MAX_COUNTS) -> None:
        self._database = database
        self._most = most
        self._counts: _Counts = {}
        self._known: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
        self._day: datetime | None = None

    def add(self, integration_type: str, results: Sequence[Result], now_ns: int) -> None:
        """Count results of one type that were stored at `now_ns`, nanoseconds since 1970 by PostgreSQL's clock.

        Costs 0.3 µs for each result, and some for each source among them. Waits for nothing.
        """
        at = datetime.fromtimestamp(now_ns / NANOSECONDS, UTC)
        place = place_of(at)
        if place.day != self._day:
            self._day = place.day
            self._known.clear()
        for (account, affiliate, source), count in Counter(map(_speaker, results)).items():
            name = SourceName(account, integration_type, affiliate, source[:SOURCE_CHARACTERS])
            self._add(place, self._told_apart(name), _Spoken(count, at, at))

    def _told_apart(self, name: SourceName) -> SourceName:
        """Return the name under which a source counts."""
        known = self._known[name[:3]]
        if name.source in known:
            return name
        if len(known) >= MAX_SOURCES or len(self._counts) >= self._most:
            if _TOO_MANY not in known:
                log.warning("too many sources to be told apart", **name._asdict())
                known.add(_TOO_MANY)
            return name._replace(source=_TOO_MANY)
        known.add(name.source)
        return name

    def _add(self, place: Place, name: SourceName, spoken: _Spoken) -> None:
        before = self._counts.get((place, name))
        self._counts[place, name] = spoken if before is None else before.and_also(spoken)

    async def run(self) -> None:
        """Write until cancelled. While PostgreSQL is away, what comes is counted."""
        await rounds("counting by source", self.write, full=1, pause_seconds=WRITTEN_SECONDS)

    async def write(self, _at_most: int = 1) -> int:
        """Write what was counted since the last time, in one transaction. Raises StorageUnavailable, and keeps it."""
        counts, self._counts = self._counts, {}
        of_steps: defaultdict[Place, list[SourceCount]] = defaultdict(list)
        for (place, name), spoken in counts.items():
            of_steps[place].append(SourceCount(*name, *spoken))
        try:
            if of_steps:
                async with self._database.transaction() as connection:
                    for place, of_step in of_steps.items():
                        await count_sources(connection, place, of_step)
        except RowRefused as exc:  # a bug of ours, for which no results shall wait
            log.error("counts by source are lost", counts=len(counts), reason=str(exc))
        except (StorageError, asyncio.CancelledError):
            for key, spoken in counts.items():
                self._add(*key, spoken)
            raise
        return 0

    async def close(self) -> None:
        """Write what is left, if PostgreSQL is there."""
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self.write()
        except (StorageError, TimeoutError) as exc:
            log.warning("counts by source are lost", counts=len(self._counts), reason=str(exc))
