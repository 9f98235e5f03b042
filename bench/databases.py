"""Fresh databases, and a count of the results that are stored in them."""

import uuid
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import accumulate, pairwise

import asyncpg

from bench.events import Event
from storage.database import SCHEMA
from storage.migrate import migrate

#: Marks of each partition: the resolution with which the stored part is known.
MARKS = 100
_LOOK_AHEAD = 4
RETENTION_DAYS = 90
_SETTINGS = {"search_path": SCHEMA, "timezone": "UTC"}
#: The largest share of a partition between two marks. A record counts as one, however many results it has.
_WIDEST = 0.05
PROBE = """
SELECT replace(result_id::text, '-', '') FROM received_results
JOIN unnest($1::text[], $2::uuid[]) AS mark (account, result_id) USING (account, result_id)
"""


def sibling(url: str, database: str) -> str:
    """Return the URL of another database of the same server."""
    return f"{url.rpartition('/')[0]}/{database}"


@asynccontextmanager
async def fresh(server: str) -> AsyncIterator[str]:
    """The owner's URL of a migrated, empty database, for the time of the block."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(f"CREATE DATABASE {name}")
        await migrate(sibling(server, name), RETENTION_DAYS)
        yield sibling(server, name)
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()


async def clear(url: str) -> None:
    """Remove all of ours from that database. Unlike dropping it, this makes no checkpoint."""
    owner = await connect(url)
    await owner.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
    await owner.close()


async def checkpoint(server: str) -> None:
    """Make a checkpoint: all that was written goes to disk, and the write-ahead log begins anew."""
    admin = await asyncpg.connect(server)
    await admin.execute("CHECKPOINT")
    await admin.close()


async def connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(url, server_settings=_SETTINGS)


async def connect_to_look(url: str) -> asyncpg.Connection:
    """Connect for asking what is stored, many times a second beside the measured process: by index only.

    Its statements are planned when the tables are empty, and would otherwise go on with sequential scans.
    """
    ways = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
    return await asyncpg.connect(url, server_settings=_SETTINGS | dict.fromkeys(ways, "off"))


class Stored:
    """Counts the stored results of each partition by looking for some of them.

    A partition is stored in order, so the furthest mark that is found is enough. Counting rows would cost
    PostgreSQL as much as storing them.
    """

    def __init__(
        self,
        connection: asyncpg.Connection,
        partitions: Sequence[Sequence[Event]],
        probe: str = PROBE,
    ) -> None:
        """`probe` selects which of $2, results of $1, are stored.

        Raises ValueError for results without enough marks.
        """
        self._connection = connection
        self._probe = probe
        self._marks = [_marks(events) for events in partitions]
        for events, marks in zip(partitions, self._marks, strict=True):
            _check_spread(events, marks)
        self._up_to = [list(accumulate(event.results for event in events)) for events in partitions]
        self._reached = [0] * len(partitions)
        self.total = sum(event.results for events in partitions for event in events)

    async def results(self) -> int:
        """Return how many are stored, at least: those after the last mark of each partition do not count yet."""
        while True:
            ahead = [marks[:_LOOK_AHEAD] for marks in self._marks]
            wanted = [event for marks in ahead for _, event in marks]
            ids = [event.result_id for event in wanted]
            rows = await self._connection.fetch(self._probe, [event.account for event in wanted], ids)
            found = {row[0] for row in rows}
            for number, marks in enumerate(ahead):
                there = [position for position, event in marks if event.result_id in found]
                if there:
                    self._reached[number] = self._up_to[number][there[-1]]
                    del self._marks[number][: [position for position, _ in marks].index(there[-1]) + 1]
            if not any(marks and marks[-1][1].result_id in found for marks in ahead):
                return sum(self._reached)


def _marks(events: Sequence[Event]) -> list[tuple[int, Event]]:
    """Choose marks, evenly spread over the results, and the end.

    Each is the last result of its entity, so that a table of entities shows it too. They are not spread over the
    entities: most of these have their last result near the end.
    """
    last_of = {event.record.key or event.result_id: position for position, event in enumerate(events)}
    good = sorted(last_of.values())
    ends = {len(events) * number // MARKS - 1 for number in range(1, MARKS + 1)} if events else set()
    positions = {good[bisect_left(good, end)] for end in ends}
    return [(position, events[position]) for position in sorted(positions)]


def _check_spread(events: Sequence[Event], marks: Sequence[tuple[int, Event]]) -> None:
    """Refuse marks that are too far apart: the rate would be that of the last part only."""
    ends = [0, *(position + 1 for position, _ in marks)]
    widest = max((later - earlier for earlier, later in pairwise(ends)), default=0)
    if widest > max(1, len(events) * _WIDEST):
        raise ValueError(f"{widest} of {len(events)} results of a partition have no last one of an entity among them")
