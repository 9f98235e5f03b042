"""Loads a population into an empty, migrated database: rows, then indexes, then a few reprocesses, then statistics."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from bench.loader import bare
from bench.loader.filler import Job, fill
from bench.loader.population import Account, accounts
from bench.loader.reprocesses import reprocess
from bench.say import Progress, say

#: Memory for building indexes; the machine must have about three times as much free.
_MAINTENANCE = {
    "search_path": "conexoes",
    "timezone": "UTC",
    "synchronous_commit": "off",
    "maintenance_work_mem": "1GB",
    "work_mem": "512MB",  # counting sorts and hashes some millions of groups
    "max_parallel_maintenance_workers": "2",
}


class NotEmptyError(Exception):
    """The database has rows already, or no tables."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """The size and seed of a population."""

    logs: int
    attempts: int = 3  # per log, on average
    accounts: int = 50
    seed: int = 1

    @property
    def population(self) -> list[Account]:
        return accounts(self.accounts, self.logs, self.seed)


async def load(url: str, wanted: Load) -> None:
    """Fill the database of `url`, whose login owns the schema.

    Stopped or failed, it leaves the tables empty and with all their indexes. Raises NotEmptyError.
    """
    owner = await asyncpg.connect(url, server_settings=_MAINTENANCE)
    try:
        await _check(owner)
        undressed = await bare.find(owner)
        started = time.monotonic()
        try:
            await _each(owner, [piece.off for piece in undressed.pieces])
            await _fill(url, wanted)
            await _dress(owner, undressed)
        except BaseException:
            say("emptying the tables again")
            await asyncio.shield(_empty(url, undressed))
            raise
        await _finish(owner, wanted)
        say(f"loaded {wanted.logs:,} logs in {time.monotonic() - started:,.0f} s")
    finally:
        owner.terminate()


async def _check(owner: asyncpg.Connection) -> None:
    for table in bare.TABLES:
        if await owner.fetchval("SELECT to_regclass($1)", table) is None:
            raise NotEmptyError(f"there is no table {table}: run `conexoes migrate` first")
        if await owner.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):
            raise NotEmptyError(f"{table} has rows already: loading takes an empty database")


async def _fill(url: str, wanted: Load) -> None:
    progress = Progress("status logs", wanted.logs)
    job = Job(url, wanted.attempts, wanted.seed, time.time_ns() // 1000)
    processes = (os.cpu_count() or 1) + 1  # one makes rows while another waits for PostgreSQL
    loop = asyncio.get_running_loop()
    stopped = False

    def done(logs: int, _attempts: int) -> None:
        if stopped:
            raise KeyboardInterrupt
        progress.at(logs)

    filling = loop.run_in_executor(None, fill, job, wanted.population, processes, done)
    try:
        await asyncio.shield(filling)
    except asyncio.CancelledError:
        stopped = True
        await asyncio.wait([filling])
        raise


def _in_order(undressed: bare.Undressed) -> list[bare.Piece]:
    """Return pieces in the order in which they can be made again."""
    return sorted(undressed.pieces, key=lambda each: each.last)


async def _dress(owner: asyncpg.Connection, undressed: bare.Undressed) -> None:
    for piece in _in_order(undressed):
        await _timed(owner, piece.name, piece.on)


async def _timed(owner: asyncpg.Connection, what: str, statement: str) -> None:
    started = time.monotonic()
    await owner.execute(statement)
    say(f"{what}: {time.monotonic() - started:.0f} s")


async def _finish(owner: asyncpg.Connection, wanted: Load) -> None:
    # Statistics first: without them counting is planned for small tables. And build the visibility map, as autovacuum
    # would in time; otherwise it would run during measurements.
    for table in bare.TABLES:
        await _timed(owner, f"statistics of {table}", f"VACUUM (ANALYZE) {table}")
    for what in ("logs", "faults", "results"):
        await _timed(owner, f"counting {what}", f"SELECT conexoes.recount_{what}()")
    items = await reprocess(owner, wanted.population, wanted.seed)
    say(f"{items:,} reprocess items")
    counts = "facets, log_days, log_hours, result_facets, result_days, result_hours"
    counts += ", result_days_by_affiliate, result_hours_by_affiliate"
    await owner.execute(f"ANALYZE {counts}, reprocess_commands, reprocess_items")
    await owner.execute("CHECKPOINT")


async def _empty(url: str, undressed: bare.Undressed) -> None:
    owner = await asyncpg.connect(url, server_settings=_MAINTENANCE)
    try:
        await owner.execute(f"TRUNCATE {', '.join(bare.TABLES)}")
        missing = {piece.name for piece in undressed.pieces} - {piece.name for piece in (await bare.find(owner)).pieces}
        await _each(owner, [piece.on for piece in _in_order(undressed) if piece.name in missing])
    finally:
        await owner.close()


async def _each(owner: asyncpg.Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        await owner.execute(statement)
