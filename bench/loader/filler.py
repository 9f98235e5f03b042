"""Worker processes that make rows and copy them in, chunk by chunk, each on its own connection."""

import asyncio
import multiprocessing
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import NamedTuple, cast

import asyncpg

from bench.loader.population import Account
from bench.loader.rows import Staged, stage

#: Small enough for progress and memory, large enough that the overhead of a statement does not count.
CHUNK_LOGS = 20_000
_SQL = Path(__file__).parent / "sql"
#: Losing the last moment in a crash does not matter: an unfinished load is discarded as a whole.
_SESSION = {"search_path": "conexoes", "timezone": "UTC", "synchronous_commit": "off", "work_mem": "64MB"}


class Chunk(NamedTuple):
    """Some logs of one account."""

    account: Account
    start: int
    stop: int


class Job(NamedTuple):
    """The arguments that all chunks share."""

    url: str
    attempts: int
    seed: int
    now_us: int


def chunks(population: Sequence[Account]) -> list[Chunk]:
    return [
        Chunk(account, start, min(start + CHUNK_LOGS, account.logs))
        for account in population
        for start in range(0, account.logs, CHUNK_LOGS)
    ]


def fill(job: Job, population: Sequence[Account], processes: int, done: Callable[[int, int], None]) -> None:
    """Copy every chunk in. `done` is called with the logs and attempts so far. No process outlives the call."""
    waiting = list(reversed(chunks(population)))
    context = multiprocessing.get_context("spawn")
    workers: dict[Connection, SpawnProcess] = {}
    try:
        for _ in range(min(processes, len(waiting))):
            ours, theirs = context.Pipe()
            process = context.Process(target=_work, args=(job, theirs), daemon=True)
            process.start()
            theirs.close()
            ours.send(waiting.pop())
            workers[ours] = process
        logs = attempts = 0
        while workers:
            for pipe in cast(list[Connection], wait(list(workers))):
                try:
                    filled_logs, filled_attempts = pipe.recv()
                except EOFError:
                    raise RuntimeError("a loading process ended; its message is above") from None
                logs, attempts = logs + filled_logs, attempts + filled_attempts
                done(logs, attempts)
                if waiting:
                    pipe.send(waiting.pop())
                else:
                    pipe.send(None)
                    workers.pop(pipe).join()
    finally:
        for process in workers.values():
            process.terminate()
            process.join()


def _work(job: Job, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles the terminal's Ctrl-C for all
    with suppress(EOFError):  # the parent is gone
        asyncio.run(_fill_all(job, pipe))


async def _fill_all(job: Job, pipe: Connection) -> None:
    connection = await asyncpg.connect(job.url, server_settings=_SESSION)
    await connection.execute((_SQL / "stage.sql").read_text())
    fill_sql = (_SQL / "fill.sql").read_text()
    while (chunk := pipe.recv()) is not None:
        staged = stage(chunk.account, chunk.start, chunk.stop, attempts=job.attempts, seed=job.seed, now_us=job.now_us)
        await _copy(connection, staged, fill_sql)
        pipe.send((len(staged.logs), len(staged.attempts)))
    await connection.close()


NAME_COLUMNS = ("log_id", "account", "integration_type", "names", "grams", "aliases")


async def _copy(connection: asyncpg.Connection, staged: Staged, fill_sql: str) -> None:
    async with connection.transaction():
        await connection.copy_records_to_table("staged_logs", records=staged.logs)
        await connection.copy_records_to_table("staged_attempts", records=staged.attempts)
        await connection.copy_records_to_table("log_names", records=staged.names, columns=NAME_COLUMNS)
        await connection.execute(fill_sql)
