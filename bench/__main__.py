"""`make bench`: measures Conexões and others at the same work, side by side in one run.

Writes bench/results/<section>.json and docs/performance.md with its plots. The ratios are the result; absolute figures
are context. Ctrl-C stops it and leaves no process; sections that were finished are kept.
"""

import argparse
import asyncio
import logging
import signal
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench import (
    events,
    fairness,
    growth,
    ingest,
    kept,
    latency,
    loaded,
    page,
    peers,
    posts,
    reading,
    reads,
    storing,
    watched,
)
from bench.contestants import CONTESTANTS
from bench.loader.load import Load
from bench.say import say
from bench.system import System, servers

SECTIONS = ("reading", "ingest", "storing", "watched", "latency", "posts", "growth", "reads", "fairness")


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Sizes and times of the measurements."""

    readings: int  # results that are read in each round, without servers
    events: int  # in each round of ingest
    rounds: int
    latency_seconds: float  # at each rate
    posts: int  # events that are posted in each round
    read_seconds: float  # for each kind of request, in each round
    fairness_seconds: float  # beside each flood and before it, in each round
    logs: int  # in the loaded database


READ_ROUNDS = 3
SHORT = Scale(
    readings=10_000,
    events=100_000,
    rounds=3,
    latency_seconds=10,
    posts=20_000,
    read_seconds=0.5,
    fairness_seconds=1,
    logs=1_000_000,
)
FULL = Scale(
    readings=50_000,
    events=300_000,
    rounds=5,
    latency_seconds=30,
    posts=100_000,
    read_seconds=3,
    fairness_seconds=7,
    logs=10_000_000,
)


async def run(scale: Scale, sections: list[str], home: Path | None, *, with_peers: bool) -> None:
    if "reading" in sections:
        made = events.simulated(scale.readings, ingest.TYPE)
        kept.write("reading", reading.measure(made, scale.rounds), huge_pages=None)
    if sections == ["reading"]:
        return  # which needs no servers
    with tempfile.TemporaryDirectory(prefix="conexoes-bench-") as name:
        async with servers(home or Path(name) / "servers", Path(name)) as system:
            keep = partial(kept.write, huge_pages=system.huge_pages)
            if "ingest" in sections:
                made = events.simulated(scale.events, ingest.TYPE)
                contestants = [*CONTESTANTS, *peers.contestants()] if with_peers else CONTESTANTS
                keep("ingest", await ingest.measure(system, contestants, made, scale.rounds))
            if "storing" in sections:
                keep("storing", await storing.measure(system, scale.events))
            if "watched" in sections:
                made = events.simulated(scale.events, ingest.TYPE)
                keep("watched", await watched.measure(system, made, scale.rounds))
            if "latency" in sections:
                keep("latency", await latency.measure(system, scale.latency_seconds))
            if "posts" in sections:
                made = events.simulated(scale.posts, ingest.TYPE)
                keep("posts", await posts.measure(system, made, scale.rounds))
            if {"growth", "reads", "fairness"} & set(sections):
                await _over_loaded(system, scale, sections, keep)


async def _over_loaded(system: System, scale: Scale, sections: list[str], keep: Callable[[str, Any], None]) -> None:
    """Measure on a loaded database. Reads come first: growth writes to it."""
    wanted = Load(logs=scale.logs)
    url = await loaded.database(system.database_url, wanted)
    if "reads" in sections:
        keep("reads", await reads.measure(system, url, wanted, scale.read_seconds, READ_ROUNDS))
    if "fairness" in sections:
        keep("fairness", await fairness.measure(system, url, wanted, scale.fairness_seconds, READ_ROUNDS))
    if "growth" in sections:
        keep("growth", await growth.measure(system, url, wanted, scale.events, scale.rounds))


async def _until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run it until Ctrl-C or SIGTERM cancels it, so that everything that was started is stopped."""
    task = asyncio.create_task(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await task


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="ten million logs, more and longer rounds")
    parser.add_argument("--count", type=int, help="events of each round of ingest")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--logs", type=int, help="in the loaded database")
    parser.add_argument("--peers", action="store_true", help="Kafka Connect and Flink SQL too")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, with commas: %(default)s")
    parser.add_argument(
        "--home", type=Path, help="keep the servers' data there, and use what an earlier run loaded (37 GB for --full)"
    )
    parser.add_argument("--page", action="store_true", help="only write docs/performance.md from bench/results")
    given = parser.parse_args()
    sections = given.only.split(",")
    if unknown := set(sections) - set(SECTIONS):
        parser.error(f"no section {', '.join(sorted(unknown))}")
    base = FULL if given.full else SHORT
    scale = Scale(
        readings=given.count or base.readings,
        events=given.count or base.events,
        rounds=given.rounds or base.rounds,
        latency_seconds=base.latency_seconds,
        posts=given.count or base.posts,
        read_seconds=base.read_seconds,
        fairness_seconds=base.fairness_seconds,
        logs=given.logs or base.logs,
    )
    for noisy in ("aiokafka", "pogo_core"):  # they log warnings about new topics and about migrations
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        if not given.page:
            asyncio.run(_until_stopped(run(scale, sections, given.home, with_peers=given.peers)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        say("stopped")
        sys.exit(130)
    page.write()


if __name__ == "__main__":
    main()
