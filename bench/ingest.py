"""Ingest, side by side: every contestant reads the same records into a fresh database of the same server, by turns."""

import asyncio
import shutil
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from bench import databases, flat, topics
from bench.child import check, program
from bench.contestants import Contestant
from bench.databases import PROBE, Stored
from bench.events import Event, as_json_batches, partitioned
from bench.figures import crossing
from bench.machine import cpu_seconds, noise, peak_mib
from bench.say import say
from bench.system import System

T = TypeVar("T")
TYPE = "price"
#: Rates are measured between these shares of the records, so that neither start nor end counts.
FROM_SHARE, TO_SHARE = 0.1, 0.95
#: Two workers have shared the partitions by then.
FROM_SHARE_TOGETHER = 0.4
_LOOK_SECONDS = 0.05
#: A contestant that stores nothing for this long has failed.
_STALL_SECONDS = 120.0


async def measure(system: System, contestants: Sequence[Contestant], events: Sequence[Event], rounds: int) -> Any:
    """The section `ingest` of the results: for each contestant what it reached in each round."""
    rows: dict[str, dict[str, Any]] = {
        each.name: {"name": each.name, "share": each.share, "workers": each.workers, "rounds": []}
        for each in contestants
    }
    noises = []
    for number in range(rounds):
        noises.append(noise())
        for each in in_turn(contestants, number):
            given = events[: max(1000, int(len(events) * each.share))]
            # Writes of the contestant before must not reach the disk in this one's time. Not in one_round: growth
            # wants checkpoints when PostgreSQL makes them.
            await databases.checkpoint(system.database_url)
            reached = await one_round(system, each, given)
            rows[each.name]["rounds"].append(reached)
            say(
                f"ingest {number + 1}/{rounds}: {each.name}: {reached['results_per_second']:,.0f}/s, "
                f"{reached['worker_cpu']:.1f} + {reached['database_cpu']:.1f} CPU s/100k"
            )
    return {"events": len(events), "rounds": rounds, "noise": noises, "rows": list(rows.values())}


def in_turn(all_: Sequence[T], number: int) -> list[T]:
    """Return all in the order of a round: in each round another one is first."""
    first = number % len(all_)
    return [*all_[first:], *all_[:first]]


async def one_round(
    system: System, contestant: Contestant, events: Sequence[Event], database_url: str | None = None
) -> dict[str, float]:
    """Measure one contestant from a full topic to stored results, in a fresh database or that of `database_url`."""
    async with AsyncExitStack() as stack:
        if database_url is None:
            database_url = await stack.enter_async_context(databases.fresh(system.database_url))
        broker = await topics.fresh(system.kafka)
        stack.push_async_callback(topics.remove, broker)
        partitions = partitioned(events, topics.PARTITIONS)
        if contestant.json_batches:
            partitions = [as_json_batches(each) for each in partitions]
        if contestant.command:
            partitions = [flat.flattened(each, time.time_ns()) for each in partitions]
        topic = broker.topics.results(TYPE)
        await topics.fill(system.kafka, topic, partitions)
        owner = await databases.connect_to_look(database_url)
        stack.push_async_callback(owner.close)
        environment = {
            "CONEXOES_KAFKA_BOOTSTRAP_SERVERS": system.kafka,
            "CONEXOES_DATABASE_URL": database_url,
            "CONEXOES_TOPIC_PREFIX": broker.topic_prefix,
            "BENCH_TOPIC": topic,
            "BENCH_GROUP": broker.topic_prefix,
            **contestant.environment,
        }
        if contestant.command:
            await owner.execute(flat.TABLES + (flat.INDEXES if contestant.indexed else ""))
        # One data directory for all workers, by which they get different ids.
        own = system.directory / uuid.uuid4().hex
        own.mkdir()
        stack.callback(shutil.rmtree, own, ignore_errors=True)
        processes = []
        for number in range(contestant.workers):
            log = own.with_suffix(f".{number}.log")
            argv = [sys.executable, *contestant.arguments]
            if contestant.command:
                argv = contestant.command(system, database_url, topic, own)
            process = await stack.enter_async_context(program(argv, environment | {"CONEXOES_DATA_DIR": str(own)}, log))
            processes.append((process, log))
        stored = Stored(owner, partitions, flat.PROBE if contestant.command else PROBE)
        start = FROM_SHARE if contestant.workers == 1 else FROM_SHARE_TOGETHER
        return await _watch(system, stored, processes, start)


async def _watch(
    system: System, stored: Stored, processes: list[tuple[asyncio.subprocess.Process, Path]], from_share: float
) -> dict[str, float]:
    pids = [process.pid for process, _log in processes]
    samples: list[tuple[float, float]] = []
    moved = time.monotonic()
    before: list[float] | None = None
    while True:
        found = await stored.results()
        now = time.monotonic()
        if samples and found > samples[-1][1]:
            moved = now
        samples.append((now, found))
        if before is None and found >= stored.total * from_share:
            before = [found, *_cpu(system, pids)]
        if before is not None and found >= stored.total * TO_SHARE:
            break
        for process, log in processes:
            check(process, log)
        if now - moved > _STALL_SECONDS:
            raise TimeoutError(f"{found} of {stored.total} results stored, and no more for {_STALL_SECONDS:g} s")
        await asyncio.sleep(_LOOK_SECONDS)
    after = [found, *_cpu(system, pids)]
    first, last = stored.total * from_share, stored.total * TO_SHARE
    per_100k = [(end - begin) / (after[0] - before[0]) * 100_000 for begin, end in zip(before, after, strict=True)]
    return {
        "results_per_second": (last - first) / (crossing(samples, last) - crossing(samples, first)),
        "worker_cpu": per_100k[1],
        "database_cpu": per_100k[2],
        "kafka_cpu": per_100k[3],
        "worker_peak_mib": max(peak_mib(pid) for pid in pids),
    }


def _cpu(system: System, pids: Sequence[int]) -> list[float]:
    return [cpu_seconds(pids), cpu_seconds([system.postgres_pid]), cpu_seconds([system.kafka_pid])]
