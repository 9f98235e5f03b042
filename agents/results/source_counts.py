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
from schemas.source_day import Place, place_of
from schemas.source_freshness import COUNTED_WITHIN
from schemas.timestamp import NANOSECONDS
from storage.database import Database
from storage.errors import RowRefused, StorageError
from storage.incidents.sources import MAX_SOURCES, SourceCount, SourceName, count_sources

#: Seconds between two writings: one that fails, and the next, are still within the time by which counts may be late.
WRITTEN_SECONDS: Final = COUNTED_WITHIN.total_seconds() / 3
#: Counts that wait to be written. What comes beyond them is not counted.
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
        self._is_full = False

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
        if len(known) >= MAX_SOURCES:  # a producer may make one up for each event
            if _TOO_MANY not in known:
                log.warning("too many sources to be told apart", **name._asdict())
                known.add(_TOO_MANY)
            return name._replace(source=_TOO_MANY)
        known.add(name.source)
        return name

    def _add(self, place: Place, name: SourceName, spoken: _Spoken) -> None:
        before = self._counts.get((place, name))
        if before is not None:
            self._counts[place, name] = before.and_also(spoken)
        elif len(self._counts) < self._most:
            self._counts[place, name] = spoken
        elif not self._is_full:
            self._is_full = True
            log.warning("too many counts by source wait: more are lost", counts=self._most)

    async def run(self) -> None:
        """Write until cancelled. While PostgreSQL is away, what comes is counted."""
        await rounds("counting by source", self.write, full=1, pause_seconds=WRITTEN_SECONDS)

    async def write(self, _at_most: int = 1) -> int:
        """Write what was counted since the last time, each step in a transaction. Raises StorageUnavailable, and keeps
        what was not written.
        """
        counts, self._counts, self._is_full = self._counts, {}, False
        of_steps: defaultdict[Place, _Counts] = defaultdict(dict)
        for key, spoken in counts.items():
            of_steps[key[0]][key] = spoken
        try:
            while of_steps:
                place, of_step = next(iter(of_steps.items()))
                await self._write(place, [SourceCount(*name, *spoken) for (_place, name), spoken in of_step.items()])
                del of_steps[place]
        except (StorageError, asyncio.CancelledError):
            for of_step in of_steps.values():
                for key, spoken in of_step.items():
                    self._add(*key, spoken)
            raise
        return 0

    async def _write(self, place: Place, counts: Sequence[SourceCount]) -> None:
        try:
            async with self._database.transaction() as connection:
                await count_sources(connection, place, counts)
        except RowRefused as exc:  # a bug of ours, for which no results shall wait
            log.error("counts by source are lost", counts=len(counts), reason=str(exc))

    async def close(self) -> None:
        """Write what is left, if PostgreSQL is there."""
        try:
            async with asyncio.timeout(_END_SECONDS):
                await self.write()
        except (StorageError, TimeoutError) as exc:
            log.warning("counts by source are lost", counts=len(self._counts), reason=str(exc))
