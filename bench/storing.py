"""Storing alone, by turns: the same batches by the way for batches as most are, and by the one for any batch.

One process, one database and one PostgreSQL backend for each way: batch after batch goes to both, in random order, so
that what slows the machine slows both. CPU is that of the backend as the scheduler counts it, and of this process.
"""

import gc
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench import databases, events
from bench.events import Event
from bench.figures import ratios
from bench.loader.population import Entity
from bench.machine import noise
from bench.say import say
from bench.system import System
from schemas.catalogue import BY_NAME
from schemas.result import Result, read
from storage.database import Database
from storage.results import store
from storage.sent_aliases import SentAliases
from storage.settings import StorageSettings
from storage.staging import FEWEST

TYPE: Final = "price"
ROWS: Final = 3000  # of a batch
#: Batches whose CPU is one figure.
TOGETHER: Final = 5
#: Share of the results that is stored before it is measured.
WARM: Final = 0.3
STAGED, ANY = "staged", "for any batch"
_ACCOUNT, _AFFILIATES = "bench", ("MLB", "SHP", "AMZ", "MGL", "B2W")
_ERRORS: Final = 4


class Way(NamedTuple):
    """One way of storing, with its own database."""

    name: str
    staged_from: int
    database: Database
    backend: int
    sent: SentAliases | None
    worker: list[float]  # CPU seconds for 100,000 results
    postgresql: list[float]


async def measure(system: System, count: int) -> Any:
    """The section `storing` of the results: CPU of both ways for each mix of `count` results."""
    rows = []
    noises = []
    for mix, made in (
        ("updates", _events(count, entities=count // 5)),
        ("new logs", _events(count, entities=None)),
        (f"updates, failures with 1–{_ERRORS} errors", _with_errors(_events(count, entities=count // 5))),
    ):
        noises.append(noise())
        ways = await _by_turns(system, _results(made))
        row = {"name": mix, "rounds": [_figures(ways, number) for number in range(len(ways[0].worker))]}
        rows.append(row)
        staged, general = ways
        told = [
            f"{what} {ratios(ours, theirs).median:.2f}"
            for what, ours, theirs in (
                ("PostgreSQL", staged.postgresql, general.postgresql),
                ("worker", staged.worker, general.worker),
            )
        ]
        say(f"storing: {mix}: {STAGED} ÷ {ANY}: {', '.join(told)}")
    return {"events": count, "rows": rows, "noise": noises}


def _figures(ways: Sequence[Way], number: int) -> dict[str, dict[str, float]]:
    return {each.name: {"worker_cpu": each.worker[number], "database_cpu": each.postgresql[number]} for each in ways}


def _events(count: int, *, entities: int | None) -> Iterator[Event]:
    """Results of so many entities, 12 % of them failed; `entities` None: each is of a new one."""
    draw = random.Random(count)
    keys = (number if entities is None else draw.randrange(entities) for number in range(count))
    return events.about(
        (Entity(_ACCOUNT, TYPE, _AFFILIATES[key % len(_AFFILIATES)], f"SKU-{key:07}") for key in keys), "storing"
    )


def _with_errors(made: Iterator[Event]) -> Iterator[Event]:
    """Give up to _ERRORS errors to results that fail; each message is one of hundreds."""
    draw = random.Random(_ERRORS)
    for each in made:
        data = json.loads(each.record.value or b"")
        if data.get("errors"):
            data["errors"] += [
                {"code": f"E{draw.randrange(40)}", "message": f"The attribute '{draw.randrange(400)}' is missing"}
                for _ in range(draw.randrange(_ERRORS))
            ]
        yield each._replace(record=each.record._replace(value=json.dumps(data).encode()))


def _results(made: Iterator[Event]) -> list[Result]:
    now = time.time_ns()
    found = []
    for each in made:
        [result] = read(BY_NAME[TYPE], each.record.headers, each.record.key, each.record.value or b"", now)
        if not isinstance(result, Result):
            raise TypeError(f"not a result: {result}")
        found.append(result)
    return found


async def _by_turns(system: System, results: Sequence[Result]) -> list[Way]:
    async with AsyncExitStack() as stack:
        ways = []
        for name, staged_from in ((STAGED, FEWEST), (ANY, sys.maxsize)):
            url = await stack.enter_async_context(databases.fresh(system.database_url))
            database = Database(url, "writer", StorageSettings(database_url=url))
            stack.push_async_callback(database.close)
            async with database.connection() as connection:
                backend = await connection.fetchval("SELECT pg_backend_pid()")
            sent = SentAliases() if name == STAGED else None
            ways.append(Way(name, staged_from, database, backend, sent, [], []))
        await databases.checkpoint(system.database_url)
        gc.freeze()
        draw = random.Random(0)
        batches = [results[start : start + ROWS] for start in range(0, len(results), ROWS)]
        warm = int(len(batches) * WARM)
        for number, batch in enumerate(batches):
            for way in draw.sample(ways, len(ways)):
                worker, postgresql = await _store(way, batch)
                if number < warm:
                    continue
                if (number - warm) % TOGETHER == 0:
                    way.worker.append(0.0)
                    way.postgresql.append(0.0)
                way.worker[-1] += worker
                way.postgresql[-1] += postgresql
        stored = TOGETHER * ROWS
        whole = (len(batches) - warm) // TOGETHER  # figures of fewer batches are left out
        return [
            way._replace(
                worker=[each / stored * 100_000 for each in way.worker[:whole]],
                postgresql=[each / stored * 100_000 for each in way.postgresql[:whole]],
            )
            for way in ways
        ]


async def _store(way: Way, batch: Sequence[Result]) -> tuple[float, float]:
    """Return the CPU seconds of this process and of PostgreSQL's backend."""
    here, there = time.process_time(), _cpu_of(way.backend)
    async with way.database.transaction() as connection:
        stored = await store(connection, batch, sent=way.sent, staged_from=way.staged_from)
    if way.sent is not None:
        way.sent.keep(stored.aliases)
    return time.process_time() - here, _cpu_of(way.backend) - there


def _cpu_of(pid: int) -> float:
    """Seconds that a process of one thread has run. Linux only."""
    return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
