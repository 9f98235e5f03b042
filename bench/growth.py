"""Ingest into a loaded database against ingest into an empty one: the same kind of results, by turns.

After a start PostgreSQL reads each page from disk that is not in the page cache, and logs each page whole at its first
write. The first round measures that, and is shown apart. Then all that a result touches is read once, since a system
that runs for hours has it in memory, and some rounds are run before those that count. Checkpoints come when PostgreSQL
makes them: every empty database is made before and dropped at the end, because dropping one makes a checkpoint, after
which every page is logged whole again. Its tables are emptied as soon as it was measured, so that autovacuum does not
work on them during the next round.
"""

import asyncio
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from bench import databases
from bench.contestants import CONTESTANTS, OURS
from bench.events import Event, about
from bench.ingest import TYPE, one_round
from bench.loader.load import Load
from bench.loader.population import entities
from bench.machine import noise
from bench.say import say
from bench.system import System

#: Rounds that do not count, with as many results as those that do. The first one is *just started*.
WARM_ROUNDS = 4

#: Tables and indexes that a result touches. Only the indexes of attempts: its rows are added at the end.
_TOUCHED = """
SELECT current_setting('data_directory') || '/' || pg_relation_filepath(c.oid) AS file
FROM pg_class c
LEFT JOIN pg_index i ON i.indexrelid = c.oid
LEFT JOIN pg_inherits part ON part.inhrelid = i.indrelid
WHERE coalesce(part.inhparent, i.indrelid, c.oid) = ANY($1::regclass[]) AND c.relkind IN ('r', 'i')
"""
_TABLES = ("status_logs", "received_results", "attempts", "log_names", "log_hours", "log_days", "facets")
_READ_BYTES = 1024 * 1024


async def measure(system: System, loaded_url: str, loaded: Load, count: int, rounds: int) -> Any:
    """The section `growth` of the results: new results of loaded entities, each round other ones."""
    [ours] = [each for each in CONTESTANTS if each.name == OURS]
    empty: list[dict[str, float]] = []
    full: list[dict[str, float]] = []
    noises = []

    def some(number: int) -> list[Event]:
        drawn = (each for each in entities(loaded.population, count * 6, number) if each.integration_type == TYPE)
        return list(about(islice(drawn, count), uuid.uuid4().hex[:8]))

    async with AsyncExitStack() as stack:
        unused = [await stack.enter_async_context(databases.fresh(system.database_url)) for _ in range(rounds)]
        just_started = await one_round(system, ours, some(rounds), loaded_url)
        say(f"growth, just started: {just_started['results_per_second']:,.0f}/s")
        touched = await _read_touched(loaded_url)
        say(f"growth: read {touched / 1024**3:.1f} GiB")
        for number in range(1, WARM_ROUNDS):
            warm = await one_round(system, ours, some(rounds + number), loaded_url)
            say(f"growth, warming up {number}/{WARM_ROUNDS - 1}: {warm['results_per_second']:,.0f}/s")
        for number, empty_url in enumerate(unused):
            noises.append(noise())
            events = some(number)
            turns = [(empty_url, empty), (loaded_url, full)]
            for url, reached in turns if number % 2 == 0 else reversed(turns):
                reached.append(await one_round(system, ours, events, url))
                if url == empty_url:
                    await databases.clear(url)
            say(
                f"growth {number + 1}/{rounds}: empty {empty[-1]['results_per_second']:,.0f}/s, "
                f"{loaded.logs:,} logs {full[-1]['results_per_second']:,.0f}/s"
            )
    rows = [
        {"name": "empty", "rounds": empty},
        {"name": f"{loaded.logs:,} logs", "rounds": full},
        {"name": f"{loaded.logs:,} logs, just started", "rounds": [just_started]},
    ]
    return {
        "events": count,
        "logs": loaded.logs,
        "rounds": rounds,
        "touched_gib": touched / 1024**3,
        "noise": noises,
        "rows": rows,
    }


async def _read_touched(url: str) -> int:
    """Read all files that results touch into the page cache. Returns their size in bytes.

    Raises FileNotFoundError when PostgreSQL's files are not here.
    """
    connection = await databases.connect(url)
    files = [row["file"] for row in await connection.fetch(_TOUCHED, _TABLES)]
    await connection.close()
    return await asyncio.to_thread(_read, files)


def _read(files: Sequence[str]) -> int:
    size = 0
    for file in map(Path, files):
        for part in (file, *file.parent.glob(f"{file.name}.*")):  # PostgreSQL splits a large one: file, file.1, …
            with part.open("rb", buffering=0) as bytes_:
                while block := len(bytes_.read(_READ_BYTES)):
                    size += block
    return size
